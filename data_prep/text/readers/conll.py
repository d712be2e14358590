"""One word a line with its annotation in columns, a blank line after every sentence: CoNLL-U, WikiNEuRal, XTREME.

PAN-X as it is distributed has the language in front of every word, ``en:word``; it is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from . import Skipped

SUMMARY = "a word a line, columns separated by TABs, a blank line after a sentence (CoNLL-U, WikiNEuRal, XTREME)"

_FUSED = re.compile(r"(\d+)-(\d+)")
_EMPTY = re.compile(r"\d+\.\d+")
LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(-[a-z]+)*:")
PREFIX_WORDS = 1000  # that many words must agree before something counts as a prefix
Row = tuple[int, list[str]]


def read(lines: Iterable[str], column: int | None = None) -> Iterator[str | Skipped]:
    """Yield the sentences, their words separated by spaces.

    Of a CoNLL-U file the words are those of the surface: a fused form (``3-4 du``) stands for its parts, empty nodes
    are none. Lines that begin with ``#`` and have no TAB are comments.

    Args:
        lines: without line ends.
        column: of the word, from 1; None: the second where the first counts the words, else the first.
    """
    sentences = _sentences(lines, column)
    first = list(islice(sentences, PREFIX_WORDS))
    prefix = language_prefix(word for sentence in first if not isinstance(sentence, Skipped) for word in sentence)
    for sentence in chain(first, sentences):
        if isinstance(sentence, Skipped):
            yield sentence
        else:
            yield " ".join(word.removeprefix(prefix) for word in sentence)


def language_prefix(words: Iterable[str]) -> str:
    """Return what the first `PREFIX_WORDS` words start with if it is a language, such as ``en:``; else nothing."""
    prefixes = {found[0] if (found := LANGUAGE_PREFIX.match(word)) else "" for word in islice(words, PREFIX_WORDS)}
    return prefixes.pop() if len(prefixes) == 1 else ""


def _sentences(lines: Iterable[str], column: int | None) -> Iterator[Sequence[str] | Skipped]:
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


def _sentence(rows: list[Row], column: int | None) -> Sequence[str] | Skipped:
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
    return words


def _are_counted(rows: list[Row]) -> bool:
    """Say whether the first column counts the words, from 0 or 1; a number may be a word, too."""
    numbers = [columns[0] for _, columns in rows if not (_FUSED.fullmatch(columns[0]) or _EMPTY.fullmatch(columns[0]))]
    return any(numbers == [str(n) for n in range(first, first + len(numbers))] for first in (0, 1))
