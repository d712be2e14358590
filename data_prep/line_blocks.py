"""Text files as blocks of whole lines, read in a stream."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

BLOCK_BYTES = 1 << 18


class LineBlock(NamedTuple):
    """Some whole lines of a file.

    Attributes:
        path: the file, for messages.
        first_line: 1-based number of the first line.
        data: the lines as they are in the file.
    """

    path: str
    first_line: int
    data: bytes

    def lines(self) -> list[str]:
        """Return the lines without their ends.

        Raises:
            InputError: a line is not UTF-8.
        """
        text = decode(self.data, self.path, self.first_line).replace("\r\n", "\n")
        return text.removesuffix("\n").split("\n")


def read_blocks(path: str | Path, size: int = BLOCK_BYTES) -> Iterator[LineBlock]:
    """Yield blocks of about ``size`` bytes (at least one line), without a byte order mark; an empty file gives none.

    Raises:
        InputError: there is no such file.
    """
    first_line = 1
    try:
        handle = open(path, "rb")  # noqa: SIM115 - closed below; only opening it may be bad input
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError.at(path, None, "no such file", "run the step that writes it, or check the path") from error
    with handle:
        while data := handle.read(size):
            if not data.endswith(b"\n"):
                data += handle.readline()
            if first_line == 1:
                data = data.removeprefix(codecs.BOM_UTF8)
                if not data:
                    return
            yield LineBlock(str(path), first_line, data)
            first_line += data.count(b"\n")


def decode(data: bytes, path: str, first_line: int) -> str:
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
