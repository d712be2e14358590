"""Sentences inside files that are no running text: one file a format, found by listing this folder.

A file ``<name>.py`` in this folder is ``extract --format <name>``. It has

``SUMMARY: str``
    One line for ``--help``.
``read(lines: Iterable[str], column: int | None) -> Iterator[str | Skipped]``
    Yield the sentences, words or not, in their order. ``column`` (from 1) says where the text is; None leaves it to the
    reader. What cannot be read is yielded as :class:`Skipped`, never passed over.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from fairseq_alignmlm import plugins


class Skipped(NamedTuple):
    """A sentence that could not be read: why, and the 1-based line that is to blame."""

    reason: str
    line: int


names = partial(plugins.names, __name__)
summaries = partial(plugins.summaries, __name__)
load = partial(plugins.load, __name__, "format")
