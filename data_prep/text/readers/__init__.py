"""Sentences inside files that are no running text: one file a format, found by listing this folder.

A file ``<name>.py`` in this folder is ``extract --format <name>``. It has

``SUMMARY: str``
    One line for ``--help``.
``read(lines: Iterable[str], column: int | None) -> Iterator[str | Skipped]``
    Yield the sentences, words or not, in their order. ``column`` (from 1) says where the text is; None leaves it to the
    reader. What cannot be read is yielded as :class:`Skipped`, never passed over.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError


class Skipped(NamedTuple):
    """A sentence that could not be read: why, and the 1-based line that is to blame."""

    reason: str
    line: int


Reader = Callable[[Iterable[str], int | None], Iterator[str | Skipped]]


def names() -> list[str]:
    """Return the names of all formats, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def summaries() -> dict[str, str]:
    """Return what every format is, by name."""
    return {name: importlib.import_module(f"{__name__}.{name}").SUMMARY for name in names()}


def load(name: str) -> Reader:
    """Return the reader of the format ``name``.

    Raises:
        InputError: there is none of that name.
    """
    if name not in names():
        raise InputError(f"unknown format {name!r}; choose from {', '.join(names())}")
    reader: Reader = importlib.import_module(f"{__name__}.{name}").read
    return reader
