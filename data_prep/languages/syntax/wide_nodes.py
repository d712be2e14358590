"""Orders of nodes with too many slots to enumerate: a Markov chain (Gibbs sampling).

A step takes two slots out and puts them back, one of all places each, with the probability of the whole order. Sweeps
take all slots in pairs. The chain begins at a random order and ends after ``SWEEPS`` of them, where its distribution is
within sampling error of the exact one on bags small enough to tell (see the tests); unlike enumeration it is not exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.enumeration import HEAD, Floats, Indices, pair_tables
from data_prep.languages.syntax.ordering_model import BOS, EOS, LONGEST_GRAM, OrderingModel

SWEEPS = 5
WIDEST_SAMPLED = 24
"""Slots of the widest node that is permuted; a wider one keeps its order."""


class _Places(NamedTuple):
    """Index arrays for orders of n slots, between BOS and EOS."""

    put_back: Indices
    """(n (n - 1), n): where the slots of an order are in (those left, the two taken out)."""
    earlier: Indices
    """(pairs,): the place of the first slot of every pair; BOS and EOS are in one pair each."""
    later: Indices
    """(pairs,): and that of the second."""
    table: Indices
    """(n, pairs): which table a pair is looked up in when the head is at a place (see :class:`WideNode`)."""


@cache
def _places(size: int) -> _Places:
    put_back = np.empty((size * (size - 1), size), dtype=np.intp)
    for row, two in zip(put_back, permutations(range(size), 2), strict=True):
        row[list(two)] = size - 2, size - 1
        row[[place for place in range(size) if place not in two]] = range(size - 2)
    earlier, later = np.triu_indices(size + 2, 1)
    inner = (earlier > 0) & (later <= size)
    kept = inner | (later == earlier + 1)
    earlier, later, inner = earlier[kept], later[kept], inner[kept]
    head = np.arange(1, size + 1)[:, None]
    side = np.where(later < head, 0, np.where(earlier >= head, 2, 1))
    return _Places(put_back, earlier, later, np.where(inner, side + 3 * (later == earlier + 1), 6))


class WideNode:
    """The scores of orders of one bag, many orders at a time."""

    def __init__(self, model: OrderingModel, symbols: Sequence[str]) -> None:
        """Collect the weights of pairs and n-grams of different ``symbols``, the head first."""
        k = len(symbols)
        tables = pair_tables(model, symbols)
        self._width = k + 2  # BOS is k, EOS k + 1
        pairs = np.zeros((7, k + 2, k + 2))  # left of the head, across, right of it; the same next to each other; edges
        pairs[:3, :k, :k] = pairs[3:6, :k, :k] = tables.left, tables.across, tables.right
        pairs[3:6, :k, :k] += tables.adjacent[:k, :k]
        pairs[6, k, :k] = tables.adjacent[k, :k]
        pairs[6, :k, k + 1] = tables.adjacent[:k, k]
        self._pairs = pairs.ravel()
        self._weights, self._next = _gram_automaton(model, [*symbols, BOS, EOS])
        self._after_two = self._next.reshape(-1, k + 2)[self._next[: k + 2]].ravel() * (k + 2)
        self._next_row = self._next * (k + 2)
        self._weights_after = self._weights[self._next]

    def scores(self, orders: NDArray[np.intp]) -> Floats:
        """Return the scores of orders, (N, n) symbol numbers, but for n-grams of nothing but padding."""
        count, size = orders.shape
        width, margin = self._width, LONGEST_GRAM - 1
        padded = np.full((count, size + 2 * margin), width - 1, dtype=np.intp)  # EOS
        padded[:, :margin] = width - 2  # BOS
        padded[:, margin : margin + size] = orders
        places = _places(size)
        between = padded[:, margin - 1 :]
        codes = places.table.take((orders == HEAD).argmax(axis=1), axis=0) * width
        codes += between.take(places.earlier, axis=1)
        codes *= width
        codes += between.take(places.later, axis=1)
        scores = self._pairs.take(codes).sum(axis=1)
        if len(self._weights) > 1:
            starts = size + margin
            row = self._after_two.take(padded[:, :starts] * width + padded[:, 1 : starts + 1])
            weights = np.zeros((count, starts))
            for step in range(2, LONGEST_GRAM):
                row += padded[:, step : step + starts]
                weights += self._weights_after.take(row)
                row = self._next_row.take(row)
            scores += weights.sum(axis=1)
        return scores

    def draw(self, slots: Sequence[int], uniform: Callable[[], float], sweeps: int = SWEEPS) -> list[int]:
        """Draw an order of ``slots`` (symbol numbers, at most 24) by the chain.

        Args:
            slots: number of the symbol of every slot.
            uniform: a stream of numbers in [0, 1).
            sweeps: length of the chain.
        """
        size = len(slots)
        put_back = _places(size).put_back
        symbols = np.array(slots, dtype=np.intp)
        order = _random_order(size, uniform)  # of slots, not of symbols
        for _ in range(sweeps):
            turn = _random_order(size, uniform)
            for two in zip(turn[::2], [*turn[1::2], turn[0]], strict=False):
                candidates = np.array([slot for slot in order if slot not in two] + [*two]).take(put_back)
                scores = self.scores(symbols.take(candidates))
                cumulative = np.exp(scores - scores.max()).cumsum()
                chosen = int(cumulative.searchsorted(uniform() * cumulative[-1], side="right"))
                order = candidates[min(chosen, len(scores) - 1)].tolist()
        return [slots[slot] for slot in order]


def _random_order(size: int, uniform: Callable[[], float]) -> list[int]:
    keys = [uniform() for _ in range(size)]
    return sorted(range(size), key=keys.__getitem__)


def _gram_automaton(model: OrderingModel, symbols: Sequence[str]) -> tuple[Floats, Indices]:
    """Return the weight of every state, and the next state by (state, symbol) as a flat table.

    State 0 is the beginning, the last one is where no n-gram goes on. States are prefixes of n-grams of ``symbols``.
    """
    grams, width = model.grams, len(symbols)
    numbers = grams.numbers(symbols)
    nodes = np.zeros(1, dtype=np.int64)
    found: list[NDArray[np.int64]] = []
    rows: list[NDArray[np.int64]] = []
    while len(nodes) and grams:
        children = grams.below(nodes, numbers)
        found.append(nodes)
        rows.append(children)
        nodes = np.unique(children[children > 0])
    if not found:
        return np.zeros(1), np.zeros(width, dtype=np.intp)
    every = np.concatenate(found)
    order = np.argsort(every)
    table = np.concatenate(rows)
    dead = len(every)
    state = np.where(table > 0, order[np.minimum(np.searchsorted(every[order], table), dead - 1)], dead)
    weights = np.append(grams.weights[every], 0.0)
    return weights, np.append(state, np.full((1, width), dead), axis=0).ravel().astype(np.intp)
