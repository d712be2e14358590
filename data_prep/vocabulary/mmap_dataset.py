"""fairseq's binarized text (``mmap``), written from pieces with numpy: the same bytes as ``fairseq-preprocess``.

``<prefix>.bin`` holds the indices of all lines, each line ending in ``</s>``. ``<prefix>.idx`` holds a header, the
length of every line (int32) and its offset in bytes (int64).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fairseq_alignmlm.lexicon.vocabulary import SPECIAL, read_symbols
from fairseq_alignmlm.progress import track

from ..text.line_blocks import LineBlock, read_blocks
from ..worker_pool import Workers

EOS, UNKNOWN = SPECIAL.index("</s>"), SPECIAL.index("<unk>")
MAGIC, VERSION = b"MMIDIDX\x00\x00", 1
TYPE_CODES = {np.dtype(np.uint16): 8, np.dtype(np.uint32): 9}
UINT16_VOCABULARY = 65_500  # fairseq uses uint16 below this size
LINES_AT_A_TIME = 1 << 20
COUNTED_AT_A_TIME = 1 << 24  # bytes


class EncodedLines(NamedTuple):
    """Lines as indices.

    Attributes:
        indices: of all lines, one after the other, as they are written.
        sizes: of every line, ``</s>`` counted.
    """

    indices: np.ndarray
    sizes: np.ndarray


class SymbolIndices(dict[str, int]):
    """The index of every symbol of a ``dict.txt``; that of ``<unk>`` for what it lacks."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            InputError: it is missing or broken, or a symbol stands there twice.
        """
        symbols = [*SPECIAL, *read_symbols(path, "run `encode` again")]
        super().__init__((symbol, index) for index, symbol in enumerate(symbols))

    def __missing__(self, symbol: str) -> int:
        return UNKNOWN


def item_type(vocabulary_size: int) -> np.dtype[Any]:
    """Return the integer type that ``fairseq-preprocess`` chooses for a vocabulary of this size."""
    return np.dtype(np.uint16 if vocabulary_size < UINT16_VOCABULARY else np.uint32)


class MmapWriter:
    """Write a data set line by line; memory does not grow with it."""

    def __init__(self, prefix: Path, dtype: np.dtype[Any]) -> None:
        """Open ``prefix.bin`` and ``prefix.idx``."""
        self._dtype = dtype
        self._lines = 0
        self._data = open(f"{prefix}.bin", "wb")  # noqa: SIM115 - closed by __exit__
        self._index = open(f"{prefix}.idx", "w+b")  # noqa: SIM115
        self._write_header()

    def __enter__(self) -> MmapWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._data, self._index:
            if kind is None:
                self._finish()

    def add(self, lines: EncodedLines) -> None:
        """Append lines."""
        self._data.write(lines.indices.astype(self._dtype, copy=False).tobytes())
        self._index.write(lines.sizes.astype(np.int32, copy=False).tobytes())
        self._lines += len(lines.sizes)

    def _write_header(self) -> None:
        self._index.write(MAGIC + struct.pack("<QBQ", VERSION, TYPE_CODES[self._dtype], self._lines))

    def _finish(self) -> None:
        self._index.seek(0)
        self._write_header()
        first, offset = self._index.tell(), 0
        for start in range(0, self._lines, LINES_AT_A_TIME):
            count = min(LINES_AT_A_TIME, self._lines - start)
            self._index.seek(first + 4 * start)
            sizes = np.frombuffer(self._index.read(4 * count), np.int32).astype(np.int64)
            ends = offset + np.cumsum(sizes) * self._dtype.itemsize
            self._index.seek(0, 2)
            self._index.write((ends - sizes * self._dtype.itemsize).tobytes())
            offset = int(ends[-1])


@dataclass(frozen=True)
class SymbolFile:
    """fairseq's dictionary of a pair, read when first asked for, and so once for all processes that are forked.

    Attributes:
        path: ``dict.txt``.
    """

    path: Path

    @cached_property
    def indices(self) -> SymbolIndices:
        """The index of every symbol."""
        return SymbolIndices(self.path)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The integer type of binarized text."""
        return item_type(len(self.indices))


def make_index_encoder(symbols: SymbolFile) -> Callable[[LineBlock], EncodedLines]:
    """Return the function that turns a block of pieces into indices; called once in every process."""
    return partial(encode_block, symbols.indices, symbols.dtype)


def encode_block(indices_of: Mapping[str, int], dtype: np.dtype[Any], block: LineBlock) -> EncodedLines:
    """Turn a block of symbols separated by white space into indices, as fairseq reads it.

    Args:
        indices_of: the index of every symbol, with a default.
        dtype: of the indices.
        block: whole lines; a lone carriage return ends a line, too.
    """
    text = block.text()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.removesuffix("\n").split("\n")
    tokens = " </s> ".join(lines).split()
    tokens.append("</s>")
    indices = np.fromiter(map(indices_of.__getitem__, tokens), dtype, len(tokens))
    ends = np.flatnonzero(indices == EOS)
    if len(ends) == len(lines):
        sizes = np.diff(ends, prepend=-1)
    else:  # the text spells </s> itself
        sizes = np.array([len(line.split()) + 1 for line in lines])
    return EncodedLines(indices, sizes.astype(np.int32))


class MmapBinarizer:
    """Binarize files with one dictionary, in processes that serve all of them."""

    def __init__(self, symbols: Path, workers: int = 1) -> None:
        """Take note of the dictionary.

        Args:
            symbols: fairseq's dictionary; what it lacks becomes ``<unk>``.
            workers: processes; the bytes are the same for any number.
        """
        self._symbols = SymbolFile(symbols)
        self._workers = Workers(partial(make_index_encoder, self._symbols), workers)

    def __enter__(self) -> MmapBinarizer:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def write(self, text: Path, prefix: Path, blocks: Iterable[LineBlock] | None = None) -> int:
        """Write ``prefix.bin`` and ``prefix.idx`` of a file of symbols separated by spaces; return its lines.

        Args:
            text: the symbols.
            prefix: path without suffix.
            blocks: some of its lines (default: all).

        Raises:
            InputError: a file is missing or broken.
        """
        lines = 0
        with MmapWriter(prefix, self._symbols.dtype) as writer:
            for part in track(self._workers.map(blocks or read_blocks(text)), f"binarize {text.name}", unit="blocks"):
                writer.add(part)
                lines += len(part.sizes)
        return lines

    def write_counts(self, prefix: Path) -> int:
        """Write ``prefix.counts.npy``, how often every symbol occurs, int64 ``(V,)``; return the number of tokens.

        The task reads it in place of the whole text. ``prefix.bin`` may be of `fairseq-preprocess`, too.
        """
        counts = np.zeros(len(self._symbols.indices), np.int64)
        with open(f"{prefix}.bin", "rb") as handle:
            while data := handle.read(COUNTED_AT_A_TIME):
                counts += np.bincount(np.frombuffer(data, self._symbols.dtype), minlength=len(counts))
        np.save(f"{prefix}.counts.npy", counts, allow_pickle=False)
        return int(counts.sum())


def binarize_files(files: Mapping[str, Path], symbols: Path, target: Path) -> None:
    """Write ``target/<split>.{bin,idx}`` for every split, and ``target/dict.txt``.

    Args:
        files: file of each split: symbols separated by spaces.
        symbols: fairseq's dictionary of them.
        target: the folder, which is made.

    Raises:
        InputError: a file is missing or broken.
    """
    target.mkdir(parents=True)
    shutil.copyfile(symbols, target / "dict.txt")
    with MmapBinarizer(symbols) as binarizer:
        for split, path in files.items():
            binarizer.write(path, target / split)
