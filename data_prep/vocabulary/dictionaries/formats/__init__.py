"""Formats of bilingual dictionaries: one file each, found by listing this folder.

A file ``<name>.py`` in this folder is ``--format <name>``. It has

``SUMMARY: str``
    One line for ``--help``.
``parse(line: str) -> ParsedLine``
    Read one line, without its line end. A pure function. It raises :class:`MalformedLine` for a line that is not of
    this format; what it understands but cannot use (a cross-reference, say) goes into ``ParsedLine.dropped``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import NamedTuple

from fairseq_alignmlm import plugins

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


names = partial(plugins.names, __name__)
summaries = partial(plugins.summaries, __name__)
load = partial(plugins.load, __name__, "dictionary format")


def recognise(lines: Iterable[str]) -> str:
    """Return the format that makes sense of most of the first lines; of equals, the first by name."""
    sample = list(islice(lines, _LINES_LOOKED_AT))
    return max(names(), key=lambda name: sum(_parses(load(name).parse, line) for line in sample))


def _parses(parse: Callable[[str], ParsedLine], line: str) -> bool:
    try:
        parse(line)
    except MalformedLine:
        return False
    return True
