"""fairseq's dictionary of a pair: the symbols of both languages, in vocabulary order, with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fairseq_alignmlm.errors import InputError


def joint_symbols(counterparts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the L1 symbols, then the L2 symbols that are not L1's, each in vocabulary order.

    Symbols that the text never uses are there, too: the second vocabulary is a full copy of the first.
    """
    return list(dict.fromkeys([*(source for source, _ in counterparts), *(target for _, target in counterparts)]))


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
