"""Pairs of sentences with a label: XTREME's ``sentence1 TAB sentence2 TAB label``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from ..vocabulary.bpe import SPECIAL

ALIASES = {"contradictory": "contradiction"}


class SentencePair(NamedTuple):
    """One example: its two texts, its label, and the 1-based line of its file."""

    first: str
    second: str
    label: str
    line: int


def read_pairs(path: Path, placeholder: str = "") -> Iterator[SentencePair]:
    """Yield the examples of a file; blank lines are passed over, quotes have no meaning.

    Args:
        path: the file.
        placeholder: of a file of pairs alone: the label that all of them get.

    Raises:
        InputError: no such file, not UTF-8, a wrong number of columns, an empty column, or no example.
    """
    found = False
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        columns = line.split("\t")
        wanted = 2 if placeholder else 3
        if len(columns) != wanted:
            what = f"{len(columns)} column{'s' if len(columns) > 1 else ''} instead of {wanted}"
            each = "`sentence1 TAB sentence2`" if placeholder else "`sentence1 TAB sentence2 TAB label`"
            raise InputError.at(path, number, what, f"each line is {each}")
        columns += [placeholder] if placeholder else []
        first, second, label = (column.strip() for column in columns)
        if not first or not second or label.split() != [label] or label in SPECIAL:
            what = "an empty sentence" if not first or not second else f"{label!r} is no label"
            raise InputError.at(path, number, what, "each line is `sentence1 TAB sentence2 TAB label`")
        found = True
        yield SentencePair(first, second, ALIASES.get(label, label), number)
    if not found:
        raise InputError.at(path, None, "no example in the file", "give `sentence1 TAB sentence2 TAB label` lines")


def check_label(pair: SentencePair, known: object, path: Path, train: Path) -> None:
    """Check that a label occurs in the training data.

    Raises:
        InputError: it does not.
    """
    if pair.label not in known:  # type: ignore[operator]
        raise InputError.at(
            path, pair.line, f"label {pair.label!r} does not occur in {train}", "correct it, or the training data"
        )
