"""Text files as blocks of whole lines, read in a stream."""

from __future__ import annotations

import codecs
from collections import deque
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


def count_lines(path: str | Path) -> int:
    """Return the number of lines of a file.

    Raises:
        InputError: there is no such file.
    """
    last = deque(read_blocks(path), maxlen=1)
    return sum(block.first_line + block.data().removesuffix(b"\n").count(b"\n") for block in last)


def read_lines(path: str | Path, first: int, stop: int) -> Iterator[LineBlock]:
    """Yield the lines from ``first`` up to, not with, ``stop``, both from 0, as blocks.

    Raises:
        InputError: there is no such file.
    """
    blocks = read_blocks(path)
    block = next(blocks, None)
    while block and block.first_line <= stop:
        following = next(blocks, None)
        begin, end = block.first_line - 1, following.first_line - 1 if following else stop
        if end > first:
            skipped, kept = max(first - begin, 0), min(stop, end) - begin
            start = block.start + _offset(block, skipped)
            finish = block.start + _offset(block, kept) if end >= stop else block.stop
            if start < finish:
                yield LineBlock(block.path, begin + skipped + 1, start, finish)
        block = following


def _offset(block: LineBlock, lines: int) -> int:
    """Return how many bytes the first ``lines`` lines of a block take."""
    data, place = block.data(), 0
    for _ in range(lines):
        place = data.find(b"\n", place) + 1
        if not place:
            return len(data)
    return place


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
