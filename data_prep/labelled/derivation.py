"""How labelled data follows a derived language: its word order, its symbols, and where its trees are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity

from ..languages.transforms import SentenceContext, Transformation, TreeBlock, compose
from ..languages.word_order import order_of, read_trees
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
    def _symbol_table(self) -> Path | None:
        return self.pair.counterparts if self.derived else self.pair.own_symbols(self.language)


@dataclass
class Reorderer:
    """A transformation at work on labelled sentences, with the reports of what it could not transform."""

    transformation: Transformation
    seed: int
    reports: Counter[str]

    def order(self, words: Sequence[str], number: int, tree: TreeBlock | None) -> Sequence[int]:
        """Return the new order of the ``number``-th sentence, counted from 1."""
        return order_of(self.transformation, words, SentenceContext(self.seed, number, tree, self._report))

    def _report(self, reason: str) -> None:
        self.reports[reason] += 1


def tree_file(data: Path, given: Path | None, transformation: Transformation) -> Path | None:
    """Return the file with the trees of labelled data: the given one, or the file of its name with ``.conllu``.

    Data that is CoNLL-U itself so serves as its own trees.

    Returns:
        None when the transformation needs no trees.

    Raises:
        InputError: trees are needed and not there.
    """
    if not transformation.needs_trees:
        return None
    path = given or data.with_suffix(".conllu")
    if not path.is_file():
        raise InputError.at(path, None, "no such file: trees of the labelled data", "parse it, or give --*-trees FILE")
    return path


def trees_for(sentences: Iterable[int], path: Path | None, data: Path) -> Iterator[TreeBlock | None]:
    """Yield the tree of every sentence; None for each without a file of trees.

    Raises:
        InputError: there are fewer trees than sentences.
    """
    stream = read_trees(path) if path is not None else None
    for number in sentences:
        tree = next(stream, None) if stream is not None else None
        if stream is not None and tree is None:
            raise InputError.at(path or data, None, f"no tree for sentence {number} of {data}", "parse it again")
        yield tree
