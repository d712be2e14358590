"""Features of orders for training: what all orders of n slots contain, and numbers for features."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import scipy.sparse

from data_prep.languages.syntax.enumeration import HEAD, Floats, order_tree
from data_prep.languages.syntax.ordering_model import KINDS, LONGEST_GRAM
from data_prep.languages.syntax.symbols import views

WHOLE_VIEWS = (0, 4)
"""The views that show UPOS and label of a slot together."""


@cache
def pair_incidence(size: int) -> Floats:
    """Return which pairs every order contains, (size!, 5 * (size + 1)^2): one table a kind, BOS and EOS as ``size``."""
    orders = order_tree(size).orders.astype(np.int64)
    side = size + 1
    found = np.zeros((len(orders), len(KINDS), side, side))
    rows = np.arange(len(orders))
    padded = np.pad(orders, ((0, 0), (1, 1)), constant_values=size)
    for place in range(size + 1):
        found[rows, 0, padded[:, place], padded[:, place + 1]] = 1
    head = np.argmax(orders == HEAD, axis=1)
    for second in range(size):
        for first in range(second):
            a, b = orders[:, first], orders[:, second]
            found[rows, 1, a, b] = 1
            kind = np.select([second < head, first > head, (first < head) & (second > head)], [2, 3, 4], default=1)
            found[rows, kind, a, b] = 1
    return found.reshape(len(orders), -1)


@cache
def gram_places(size: int) -> tuple[dict[tuple[int, ...], int], scipy.sparse.csr_matrix]:
    """Return a number for every n-gram of slots (BOS ``size``, EOS ``size + 1``), and which orders contain which."""
    orders = order_tree(size).orders.astype(np.int64)
    longest = min(size, LONGEST_GRAM)
    numbers: dict[tuple[int, ...], int] = {}
    rows: list[int] = []
    columns: list[int] = []
    for row, order in enumerate(orders.tolist()):
        padded = [size] * (longest - 1) + order + [size + 1] * (longest - 1)
        for length in range(3, longest + 1):
            for start in range(len(padded) - length + 1):
                gram = tuple(padded[start : start + length])
                if any(slot < size for slot in gram):
                    rows.append(row)
                    columns.append(numbers.setdefault(gram, len(numbers)))
    ones = np.ones(len(rows))
    return numbers, scipy.sparse.csr_matrix((ones, (rows, columns)), shape=(len(orders), max(len(numbers), 1)))


class FeatureIndex:
    """Numbers for features, and for pairs of symbols a sparse matrix from features to their weight."""

    def __init__(self, fewest_pairs: int, together: Counter[tuple[str, str]]) -> None:
        """Start empty.

        Args:
            fewest_pairs: how often two slots have to be in one bag for features of the two as wholes.
            together: how often they are, by their symbols in the two views that show them whole.
        """
        self.numbers: dict[str, int] = {}
        self._fewest = fewest_pairs
        self._together = together
        self._pairs: dict[tuple[int, str, str], int] = {}
        self._rows: list[int] = []
        self._columns: list[int] = []

    def number(self, name: str) -> int:
        """Return the number of a feature."""
        return self.numbers.setdefault(name, len(self.numbers))

    def pair(self, kind: int, first: str, second: str) -> int:
        """Return the row of a pair in the matrix."""
        key = (kind, first, second)
        row = self._pairs.get(key)
        if row is None:
            row = self._pairs[key] = len(self._pairs)
            for view, (a, b) in enumerate(zip(views(first), views(second), strict=True)):
                if view not in WHOLE_VIEWS or self._together[a, b] >= self._fewest:
                    self._rows.append(row)
                    self._columns.append(self.number(f"{KINDS[kind]}_{a}_{b}"))
        return row

    def matrix(self) -> scipy.sparse.csr_matrix:
        """Return the matrix (pairs, features) of what adds to the weight of every pair."""
        shape = (len(self._pairs), len(self.numbers))
        return scipy.sparse.csr_matrix((np.ones(len(self._rows)), (self._rows, self._columns)), shape=shape)
