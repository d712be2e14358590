"""Dictionary files as word pairs and problems, each with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import open_input

from . import formats

# Marks of writing direction and the byte-order mark: invisible, and no part of a word. Joiners are left alone:
# Hindi and Persian spell with them.
_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]")


class WordPair(NamedTuple):
    """A word of L1, its translation in L2, and where they stand (line numbers from 1)."""

    source: str
    target: str
    path: Path
    line: int


class Problem(NamedTuple):
    """Something of a file that gives no pair.

    Attributes:
        malformed: the line breaks the format, rather than holding what is not wanted.
    """

    reason: str
    path: Path
    line: int
    malformed: bool


def read(path: Path, format_name: str = "auto", invert: bool = False) -> Iterator[WordPair | Problem]:
    """Yield every pair and every problem of a dictionary file, in its order.

    Lines at the top that begin with ``#`` are comments.

    Args:
        path: UTF-8 text.
        format_name: a name of :func:`~data_prep.vocabulary.dictionaries.formats.names`, or ``auto``.
        invert: the file goes from L2 to L1.

    Raises:
        InputError: no such file, no such format, or the file is empty.
    """
    name = format_name
    if name == "auto":
        name = formats.recognise(line for line, _ in _lines(path) if line is not None)
    parse = formats.load(name).parse
    empty = True
    for line, number in _lines(path):
        empty = False
        if line is None:
            yield Problem("not valid UTF-8", path, number, malformed=True)
            continue
        try:
            parsed = parse(line)
        except formats.MalformedLine as error:
            yield Problem(str(error), path, number, malformed=True)
            continue
        for reason in parsed.dropped:
            yield Problem(reason, path, number, malformed=False)
        for pair in parsed.pairs:
            source, target = reversed(pair) if invert else pair
            yield WordPair(source, target, path, number)
    if empty:
        raise InputError.at(path, None, "holds no entries", "give a bilingual dictionary")


def clean(word: str) -> str:
    """Return ``word`` without invisible marks, its white space made single spaces."""
    return " ".join(_INVISIBLE.sub("", word).split())


def _lines(path: Path) -> Iterator[tuple[str | None, int]]:
    """Yield ``(line, number)`` of the lines that hold something; None for a line that is not UTF-8."""
    with open_input(path) as handle:
        top = True
        for number, raw in enumerate(handle, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield None, number
                continue
            top = top and line.startswith("#")
            if line.strip() and not top:
                yield line, number
