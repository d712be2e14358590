"""Sentence-pair tasks (xnli, pawsx) in one language: transformed TSV and binarized pieces with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..languages.sentence_spans import sentence_spans
from ..text.tokenisation import Tokeniser
from .label_kinds import LabelKind
from .sentence_pairs import SentencePair, check_label, read_pairs
from .writing import Example, LabelledFile

PAIRS = ("xnli", "pawsx")
"""Tasks of XTREME."""
INPUTS = ("input0", "input1")
LABEL = "label"


@dataclass(frozen=True)
class PairTask:
    """A sentence-pair task.

    Attributes:
        name: its name in XTREME.
        language: the original language, whose rules cut the text into words.
        tokeniser: ``moses``, or ``none`` for words that are separated by spaces already.
    """

    name: str
    language: str
    tokeniser: str
    sides = (*INPUTS, LABEL)

    def examples(self, file: LabelledFile) -> Iterator[Example]:
        """Yield the pairs of a file in a language; see :class:`~data_prep.labelled.writing.LabelledTask`.

        A text of several sentences is transformed sentence by sentence. Trees come in the order of the file: of the
        first text, then of the second, for every example.
        """
        word_pieces, tokeniser = file.derivation.word_pieces(), Tokeniser(self.language, self.tokeniser)
        file.counts.update(examples=0, words=0)
        for number, pair in enumerate(read_pairs(file.path, file.placeholder)):
            check_label(pair, file.labels, file.path, file.train)
            sides = []
            for side in range(len(INPUTS)):
                words = [word for sentence in sentences_of(pair, side, tokeniser) for word in sentence]
                order = file.reorderer.order(words, 2 * number + side + 1, pair.line)
                sides.append([words[i] for i in order])
            file.counts.update(examples=1, words=sum(map(len, sides)))
            table = "\t".join([*map(" ".join, sides), *([] if file.placeholder else [pair.label])]) + "\n"
            yield Example(table, (*map(word_pieces.encode, sides), pair.label))


def read_label_counts(task: PairTask, train: Path) -> dict[str, int]:
    """Return the labels of a task in alphabetic order, with their counts in the training data.

    Raises:
        InputError: bad input, see :func:`read_pairs`, or labels that are not the task's.
    """
    kind, counts = LabelKind(task.name), Counter[str]()
    for pair in read_pairs(train):
        kind.check(pair.label, train, pair.line)
        counts[pair.label] += 1
    return dict(sorted(counts.items()))


def sentences_of(pair: SentencePair, side: int, tokeniser: Tokeniser) -> list[list[str]]:
    """Return the words of every sentence of one text of a pair: 0 the first, 1 the second."""
    text = pair.second if side else pair.first
    if tokeniser.kind != "none":
        return [words for sentence in tokeniser.sentences(text) if (words := tokeniser.words(sentence))]
    words = tokeniser.words(text)
    return [words[start:stop] for start, _, stop in sentence_spans(words)]
