"""Weighted choice from precomputed tables: one uniform number, one bisection."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Table(Generic[T]):
    """Items with their cumulative probabilities."""

    __slots__ = ("bounds", "items")

    def __init__(self, items: Sequence[T], weights: Iterable[float]) -> None:
        """Normalise ``weights`` (positive, one an item) to a distribution."""
        self.items = list(items)
        sums = list(accumulate(weights))
        self.bounds = [value / sums[-1] for value in sums[:-1]]

    def pick(self, uniform: float) -> T:
        """Return the item that ``uniform``, in [0, 1), falls on."""
        return self.items[bisect(self.bounds, uniform)]


def table_of(weights: dict[T, float]) -> Table[T]:
    """Build a table from a mapping of item to weight."""
    return Table(list(weights), weights.values())


def zipf_weights(count: int, exponent: float = 1.0, offset: float = 1.5) -> list[float]:
    """Return the Zipf-Mandelbrot weights ``(rank + offset) ** -exponent`` for ranks 0 to ``count - 1``."""
    return [(rank + 1 + offset) ** -exponent for rank in range(count)]


def words(text: str) -> list[str]:
    """Return the space-separated words of ``text``: a list that is easy to read."""
    return text.split()


def weights(text: str) -> dict[str, float]:
    """Read ``"a:2 b c:0.5"``: names with weights, 1 where none is given."""
    parts = (entry.partition(":") for entry in text.split())
    return {name: float(weight or 1) for name, _, weight in parts}
