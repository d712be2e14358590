"""One word a line with its annotation in columns, a blank line after every sentence: CoNLL-U, WikiNEuRal, XTREME."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import Skipped

SUMMARY = "a word a line, columns separated by TABs, a blank line after a sentence (CoNLL-U, WikiNEuRal, XTREME)"

_FUSED = re.compile(r"(\d+)-(\d+)")
_EMPTY = re.compile(r"\d+\.\d+")
Row = tuple[int, list[str]]


def read(lines: Iterable[str], column: int | None = None) -> Iterator[str | Skipped]:
    """Yield the sentences, their words separated by spaces.

    Of a CoNLL-U file the words are those of the surface: a fused form (``3-4 du``) stands for its parts, empty nodes
    are none. Lines that begin with ``#`` and have no TAB are comments.

    Args:
        lines: without line ends.
        column: of the word, from 1; None: the second where the first counts the words, else the first.
    """
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            if "\t" in line or not line.startswith("#"):
                rows.append((number, line.split("\t")))
        elif rows:
            yield _sentence(rows, column)
            rows = []
    if rows:
        yield _sentence(rows, column)


def _sentence(rows: list[Row], column: int | None) -> str | Skipped:
    counted = _are_counted(rows)
    place = column or (2 if counted else 1)
    words = []
    covered = -1  # the last word that a fused form stands for
    for number, columns in rows:
        if counted and (_EMPTY.fullmatch(columns[0]) or (columns[0].isdecimal() and int(columns[0]) <= covered)):
            continue
        if len(columns) < place or not columns[place - 1].strip():
            return Skipped(f"no word in column {place}", number)
        if counted and (fused := _FUSED.fullmatch(columns[0])):
            covered = int(fused[2])
        words.append(columns[place - 1].strip())
    return " ".join(words)


def _are_counted(rows: list[Row]) -> bool:
    """Say whether the first column counts the words, from 0 or 1; a number may be a word, too."""
    numbers = [columns[0] for _, columns in rows if not (_FUSED.fullmatch(columns[0]) or _EMPTY.fullmatch(columns[0]))]
    return any(numbers == [str(n) for n in range(first, first + len(numbers))] for first in (0, 1))
