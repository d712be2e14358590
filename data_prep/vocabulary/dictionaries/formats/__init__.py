"""Formats of bilingual dictionaries: one file each, found by listing this folder.

A file ``<name>.py`` in this folder is ``--format <name>``. It has

``SUMMARY: str``
    One line for ``--help``.
``parse(line: str) -> ParsedLine``
    Read one line, without its line end. A pure function. It raises :class:`MalformedLine` for a line that is not of
    this format; what it understands but cannot use (a cross-reference, say) goes into ``ParsedLine.dropped``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

_LINES_LOOKED_AT = 200


class ParsedLine(NamedTuple):
    """What one line says.

    Attributes:
        pairs: ``(word, translation)``, free of annotations but otherwise as they stand.
        dropped: one reason for every further translation of the line that is not a word or a phrase.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


class MalformedLine(ValueError):
    """Say why a line is not of the format: ``3 columns instead of 2``."""


Parser = Callable[[str], ParsedLine]


def names() -> list[str]:
    """Return the names of all formats, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def summaries() -> dict[str, str]:
    """Return what every format is, by name."""
    return {name: importlib.import_module(f"{__name__}.{name}").SUMMARY for name in names()}


def load(name: str) -> Parser:
    """Return the parser of the format ``name``.

    Raises:
        InputError: there is none of that name.
    """
    if name not in names():
        raise InputError(f"unknown dictionary format {name!r}; choose from {', '.join(names())}")
    parser: Parser = importlib.import_module(f"{__name__}.{name}").parse
    return parser


def recognise(lines: Iterable[str]) -> str:
    """Return the format that makes sense of most of the first lines; of equals, the first by name."""
    sample = list(islice(lines, _LINES_LOOKED_AT))
    return max(names(), key=lambda name: sum(_parses(load(name), line) for line in sample))


def _parses(parser: Parser, line: str) -> bool:
    try:
        parser(line)
    except MalformedLine:
        return False
    return True
