"""Rows of a two-column UTF-8 TSV file with comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fairseq_alignmlm.lines import numbered_lines


def read_rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(line number, columns)`` of every line that is neither blank nor a comment.

    A comment begins with ``#`` and holds no TAB, so that the piece ``#`` can be an entry.

    Raises:
        InputError: the file is missing, or a line is not UTF-8.
    """
    for number, line in numbered_lines(path):
        if "\t" in line or (line.strip() and not line.startswith("#")):
            yield number, line.split("\t")
