"""How labelled data follows a derived language: its word order, its symbols, and where its trees are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity

from ..languages.transforms import SentenceContext, Transformation, compose
from ..languages.word_order import order_of, read_trees, trees_of_line
from ..pair import Pair
from ..pair_identity import identity_of_pair, name_transformation
from ..vocabulary.pieces import WordPieces


@dataclass(frozen=True)
class Derivation:
    """A language of a pair, as labelled data has to know it.

    Attributes:
        pair: the pair's folder.
        language: the language, original or derived.
        transform: its word-level transformations, in the order of application; none for the original.
        seed: the seed of the transformations.
        derived: True when its pieces are transliterated; a natural language may have symbols of its own, too.
    """

    pair: Pair
    language: str
    transform: Sequence[str]
    seed: int
    derived: bool

    @property
    def input_files(self) -> list[Path]:
        """Files of the pair and of the transformations that decide the result."""
        own = [self._symbol_table] if self._symbol_table else []
        return [self.pair.model, self.pair.symbols, *own, *self.transformation().input_files]

    def parsed(self, task: str, split: str) -> Path:
        """Return the trees that ``parse --task`` makes of the original's labelled data."""
        return self.pair.trees_of_task(task) / f"{split}.conllu"

    def transformation(self) -> Transformation:
        """Build the composed transformation."""
        return compose(self.transform)

    def identity(self) -> Identity:
        """Return what the labelled data are made from.

        Raises:
            InputError: the vocabulary is broken, or the derived text has another transformation.
        """
        pair = identity_of_pair(self.pair, self.language)
        if not self.derived:
            return pair
        own = replace(pair, transformation=name_transformation(self.transform, self.seed))
        remedy = "leave --transform and --seed out, or derive the text again"
        own.require(pair, self.pair.text(self.language), "--transform and --seed", remedy, ("transformation",))
        return own

    def word_pieces(self) -> WordPieces:
        """Build the segmentation into the language's symbols."""
        return WordPieces(self.pair.model, self._symbol_table)

    @property
    def piece_files(self) -> tuple[Path, Path | None]:
        """The SentencePiece model, and the table of a language with symbols of its own."""
        return self.pair.model, self._symbol_table

    @property
    def _symbol_table(self) -> Path | None:
        return self.pair.counterparts if self.derived else self.pair.own_symbols(self.language)


def in_one_piece(word: str) -> str:
    """Return a word as it is in a line of text, where white space separates words: ``1_000`` of ``1 000``."""
    return word if len(word.split()) == 1 else "_".join(word.split())


class Reorderer:
    """A transformation at work on the labelled sentences of one file, in their order.

    Attributes:
        reports: what could not be transformed, counted.
    """

    def __init__(self, transformation: Transformation, seed: int, data: Path, trees: Path | None) -> None:
        """Take the trees of ``data`` from ``trees``, a sentence's from one or several of them; None: no trees."""
        self._transformation = transformation
        self._seed = seed
        self._data = data
        self._path = trees
        self._trees = read_trees(trees) if trees is not None else None
        self.reports: Counter[str] = Counter()

    def order(self, words: Sequence[str], number: int, line: int) -> Sequence[int]:
        """Return the new order of a sentence.

        Args:
            words: of the sentence.
            number: of the sentence, from 1, for its random numbers.
            line: of the data, for messages.

        Raises:
            InputError: there are fewer trees than sentences, or the sentence's is of other words.
        """
        words = [in_one_piece(word) for word in words]
        trees = trees_of_line(len(words), self._trees) if self._trees is not None else []
        if self._path is not None and words and not trees:
            raise InputError.at(self._path, None, f"no tree for line {line} of {self._data}", "parse it again")
        return order_of(self._transformation, words, SentenceContext(self._seed, number, trees, self._report))

    def finish(self) -> None:
        """Check that no tree is left over.

        Raises:
            InputError: there are more trees than sentences.
        """
        surplus = next(self._trees, None) if self._trees is not None else None
        if surplus is not None:
            raise InputError.at(surplus.path, surplus.line, f"more trees than {self._data} has", "parse it again")

    def _report(self, reason: str) -> None:
        self.reports[reason] += 1


def tree_file(data: Path, given: Path | None, parsed: Path, transformation: Transformation) -> Path | None:
    """Return the file with the trees of labelled data: the given one, the parsed one, or ``data`` named ``.conllu``.

    Data that is CoNLL-U itself so serves as its own trees.

    Returns:
        None when the transformation needs no trees.

    Raises:
        InputError: trees are needed and not there.
    """
    if not transformation.needs_trees:
        return None
    if given is None and parsed.is_file():
        return parsed
    path = given or data.with_suffix(".conllu")
    if not path.is_file():
        remedy = "run `parse --task` for the labelled data of the pair, or give --*-trees FILE"
        raise InputError.at(path, None, "no such file: trees of the labelled data", remedy)
    return path
