"""Text files as blocks of whole lines, read in a stream."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.lines import decode, open_input

BLOCK_BYTES = 1 << 18


class LineBlock(NamedTuple):
    """Some whole lines of a file, by their place: whoever works on them reads them, in whichever process.

    Attributes:
        path: the file.
        first_line: 1-based number of the first line.
        start: the first byte.
        stop: the byte after the last.
    """

    path: str
    first_line: int
    start: int
    stop: int

    def data(self) -> bytes:
        """Return the lines as they are in the file."""
        with open(self.path, "rb") as handle:
            handle.seek(self.start)
            return handle.read(self.stop - self.start)

    def lines(self) -> list[str]:
        """Return the lines without their ends.

        Raises:
            InputError: a line is not UTF-8.
        """
        return self.text().replace("\r\n", "\n").removesuffix("\n").split("\n")

    def text(self) -> str:
        """Return the lines as one text, with their ends.

        Raises:
            InputError: a line is not UTF-8.
        """
        return decode(self.data(), self.path, self.first_line)


def read_blocks(path: str | Path, size: int = BLOCK_BYTES) -> Iterator[LineBlock]:
    """Yield blocks of about ``size`` bytes (at least one line), without a byte order mark; an empty file gives none.

    Raises:
        InputError: there is no such file.
    """
    first_line, start = 1, 0
    with open_input(path, "run the step that writes it, or check the path") as handle:
        if handle.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            start = len(codecs.BOM_UTF8)
        handle.seek(start)
        while data := handle.read(size):
            if not data.endswith(b"\n"):
                data += handle.readline()
            yield LineBlock(str(path), first_line, start, start + len(data))
            first_line += data.count(b"\n")
            start += len(data)
