"""``dict.txt``, fairseq's list of symbols, read and written without fairseq and numbered as fairseq numbers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.storage import atomic_path

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # before the symbols of dict.txt; <mask> comes after them
MASK = "<mask>"
BINARIZE_AGAIN = "binarize the data again"


@dataclass(frozen=True)
class Vocabulary:
    """Symbols in the order of a model's embeddings.

    Attributes:
        index: the row of every symbol.
        counts: how often each row's symbol occurs in the training data, 0 for special symbols.
    """

    index: dict[str, int]
    counts: list[int]

    def __len__(self) -> int:
        return len(self.counts)

    def index_of(self, symbol: str) -> int | None:
        """Return the row of an ordinary symbol, None for one that is unknown or special."""
        row = self.index.get(symbol)
        return row if row is not None and len(SPECIAL) <= row < len(self) - 1 else None


def read_symbols(path: str | Path, remedy: str = BINARIZE_AGAIN) -> dict[str, int]:
    """Read the ``symbol count`` lines of a ``dict.txt``: every symbol with its count, in the order of the file.

    Args:
        path: the file.
        remedy: what to do about a missing or broken file.

    Raises:
        InputError: the file is missing or not UTF-8, a line is not ``symbol count``, a symbol comes twice or is one
            that fairseq adds itself (``<s> <pad> </s> <unk>``), or the file holds no symbols.
    """
    symbols: dict[str, int] = {}
    for number, text in numbered_lines(path, remedy):
        symbol, _, count = text.removesuffix("#fairseq:overwrite").rstrip().rpartition(" ")
        if not symbol or "\r" in symbol or not (count.isascii() and count.isdecimal()) or len(count) > 18:
            raise InputError.at(path, number, f"expected `symbol count`, found {text[:80]!r}", remedy)
        if symbol in symbols or symbol in SPECIAL:
            what = "occurs twice" if symbol in symbols else "is fairseq's own symbol"
            raise InputError.at(path, number, f"{symbol!r} {what}", remedy)
        symbols[symbol] = int(count)
    if not symbols:
        raise InputError.at(path, None, "holds no symbols", remedy)
    return symbols


def read_vocabulary(path: str | Path, remedy: str = BINARIZE_AGAIN) -> Vocabulary:
    """Read a ``dict.txt`` and number its symbols as fairseq does, ``<mask>`` last.

    Raises:
        InputError: see :func:`read_symbols`; or the file holds ``<mask>``.
    """
    symbols = read_symbols(path, remedy)
    if MASK in symbols:
        raise InputError.at(path, None, f"holds {MASK}, which the task adds itself", remedy)
    rows = [*SPECIAL, *symbols, MASK]
    return Vocabulary({symbol: row for row, symbol in enumerate(rows)}, [0, 0, 0, 0, *symbols.values(), 0])


def write_symbols(path: str | Path, symbols: Iterable[str], counts: Mapping[str, int]) -> None:
    """Write ``symbol count`` lines, atomically; 0 for a symbol without a count."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(f"{symbol} {counts.get(symbol, 0)}\n" for symbol in symbols)
