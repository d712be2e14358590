"""Rows of a two-column UTF-8 TSV file with comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fairseq_alignmlm.errors import InputError


def read_rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(line number, columns)`` of every line that is neither blank nor a comment.

    A comment begins with ``#`` and holds no TAB, so that the piece ``#`` can be an entry.

    Raises:
        InputError: the file is missing, or a line is not UTF-8.
    """
    try:
        handle = open(path, "rb")  # noqa: SIM115 - closed below; only opening it may be bad input
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError.at(path, None, "no such file", "check the path") from error
    with handle:
        for number, raw in enumerate(handle, 1):
            try:
                line = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise InputError.at(path, number, "not valid UTF-8", "save the file as UTF-8") from error
            if "\t" not in line and (line.startswith("#") or not line.strip()):
                continue
            yield number, line.split("\t")
