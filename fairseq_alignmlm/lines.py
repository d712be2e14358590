"""Checked UTF-8 text: lines with their numbers; what is missing or no UTF-8 is told in one line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.errors import InputError

CHECK_THE_PATH = "check the path"


class Line(NamedTuple):
    """A line of a file: its number from 1, and its text without the line end."""

    number: int
    text: str


def open_input(path: str | Path, remedy: str = CHECK_THE_PATH) -> IO[bytes]:
    """Open a file of input for reading bytes.

    Raises:
        InputError: there is no such file.
    """
    try:
        return open(path, "rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise InputError.at(path, None, "no such file", remedy) from error


def numbered_lines(path: str | Path, remedy: str = CHECK_THE_PATH, exact: bool = False) -> Iterator[Line]:
    r"""Yield the lines of a UTF-8 file without their ends (``\n`` or ``\r\n``) and without a byte order mark.

    Args:
        path: the file; one line of it is held at a time.
        remedy: what to do where there is none.
        exact: take nothing off but the final line feed.

    Raises:
        InputError: the file is missing, is not the one that its manifest records, or a line is not UTF-8.
    """
    with open_input(path, remedy) as handle:
        verify(path)
        for number, raw in enumerate(handle, 1):
            if number == 1 and not exact:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            text = decode(raw, path, number).removesuffix("\n")
            yield Line(number, text if exact else text.removesuffix("\r"))


def decode(data: bytes, path: str | Path, first_line: int) -> str:
    """Decode UTF-8.

    Raises:
        InputError: with the file and the line of the first byte that is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise InputError.at(
            path, line, f"not valid UTF-8 (byte 0x{data[error.start]:02x})", "convert the file to UTF-8"
        ) from error
