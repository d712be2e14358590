"""``dict.txt`` as fairseq numbers it, without importing fairseq."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.predictions import numbered_lines

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # before the symbols of dict.txt; <mask> comes after them


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


def read_vocabulary(path: str | Path) -> Vocabulary:
    """Read ``symbol count`` lines and number them as fairseq does, ``<mask>`` last.

    Raises:
        InputError: when the file is missing, or a line is not ``symbol count``, or a symbol comes twice.
    """
    symbols: dict[str, int] = {symbol: row for row, symbol in enumerate(SPECIAL)}
    counts = [0] * len(SPECIAL)
    for line in numbered_lines(path):
        text = line.text.removesuffix(" #fairseq:overwrite")
        symbol, _, count = text.rpartition(" ")
        if not symbol or not count.isdecimal():
            raise InputError.at(path, line.number, f"expected `symbol count`, found {line.text!r}")
        if symbol in symbols:
            raise InputError.at(path, line.number, f"{symbol!r} occurs twice", "binarize the data again")
        symbols[symbol] = len(counts)
        counts.append(int(count))
    if "<mask>" in symbols:
        raise InputError.at(path, None, "holds <mask>, which the task adds itself", "binarize the data again")
    symbols["<mask>"] = len(counts)
    counts.append(0)
    return Vocabulary(symbols, counts)
