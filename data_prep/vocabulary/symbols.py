"""Symbols and their counts, as fairseq's dictionaries hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from fairseq_alignmlm.errors import InputError


def write_counts(path: Path, symbols: Iterable[str], counts: Mapping[str, int]) -> None:
    """Write ``symbol count`` lines, as fairseq reads them; 0 for a symbol without a count."""
    with open(path, "w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(f"{symbol} {counts.get(symbol, 0)}\n" for symbol in symbols)


def read_counts(path: Path) -> Counter[str]:
    """Read ``symbol count`` lines.

    Raises:
        InputError: a line has not that form.
    """
    counts: Counter[str] = Counter()
    with open(path, encoding="utf-8", newline="\n") as handle:
        for number, line in enumerate(handle, 1):
            symbol, _, count = line.rstrip("\n").rpartition(" ")
            if not symbol or not count.isdigit():
                raise InputError.at(path, number, "not `symbol count`", "run `encode` again")
            counts[symbol] = int(count)
    return counts
