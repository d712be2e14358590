"""Orders of nodes with too many slots to enumerate: a Markov chain (Gibbs sampling).

A step takes two slots out and puts them back, one of all places each, with the probability of the whole order. Sweeps
take all slots in pairs. The chain begins at a random order and ends after ``SWEEPS`` of them, where its distribution is
within sampling error of the exact one on bags small enough to tell (see the tests); unlike enumeration it is not exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.enumeration import HEAD, Floats, Indices, pair_tables
from data_prep.languages.syntax.ordering_model import BOS, EOS, LONGEST_GRAM, OrderingModel

SWEEPS = 6
WIDEST_SAMPLED = 24
"""Slots of the widest node that is permuted; a wider one keeps its order."""
MOVES_KEPT = 128


class _Moves(NamedTuple):
    """Where the slots of all candidates of a step are, as indices into (those left, the two taken out, BOS, EOS)."""

    orders: Indices
    """(m, n): the candidates, m = n (n - 1)."""
    padded: Indices
    """(m, n + 8): the same between four BOS and four EOS."""
    pairs: Indices
    """(m, pairs): flat indices into tables (7, n + 2, n + 2) of pairs of slots (see :meth:`WideNode._tables`)."""


@cache
def _placings(size: int) -> tuple[Indices, Indices, Indices]:
    """Return the candidates of :class:`_Moves`, and the places of the slots of every pair, BOS and EOS included."""
    orders = np.empty((size * (size - 1), size), dtype=np.intp)
    for row, two in zip(orders, permutations(range(size), 2), strict=True):
        row[list(two)] = size - 2, size - 1
        row[[place for place in range(size) if place not in two]] = range(size - 2)
    earlier, later = np.triu_indices(size + 2, 1)
    counted = ((earlier > 0) & (later <= size)) | (later == earlier + 1)
    return orders, earlier[counted], later[counted]


@lru_cache(maxsize=MOVES_KEPT)
def _moves(size: int, head: int) -> _Moves:
    """Return the moves of a step, the head being number ``head`` of its slots: those left, then the two taken out."""
    orders, earlier, later = _placings(size)
    bos, eos = size, size + 1
    margin = LONGEST_GRAM - 1
    padded = np.pad(orders, ((0, 0), (margin, margin)), constant_values=((0, 0), (bos, eos)))
    between = padded[:, margin - 1 : margin + size + 1]
    first, second = between[:, earlier], between[:, later]
    place = (orders == head).argmax(axis=1)[:, None] + 1
    table = np.where(later < place, 0, np.where(earlier >= place, 2, 1)) + 3 * (later == earlier + 1)
    table[:, (earlier == 0) | (later == size + 1)] = 6
    return _Moves(orders, padded, (table * (size + 2) + first) * (size + 2) + second)


class WideNode:
    """The scores of orders of one bag, all candidates of a step at a time."""

    def __init__(self, model: OrderingModel, symbols: Sequence[str]) -> None:
        """Collect the weights of pairs and n-grams of different ``symbols``, the head first."""
        k = len(symbols)
        tables = pair_tables(model, symbols)
        self._width = width = k + 2  # BOS is k, EOS k + 1
        pairs = np.zeros((7, width, width))  # left of the head, across, right of it; the same next to each other; edges
        pairs[:3, :k, :k] = pairs[3:6, :k, :k] = tables.left, tables.across, tables.right
        pairs[3:6, :k, :k] += tables.adjacent[:k, :k]
        pairs[6, k, :k] = tables.adjacent[k, :k]
        pairs[6, :k, k + 1] = tables.adjacent[:k, k]
        self._pairs = pairs
        weights, following = _gram_automaton(model, [*symbols, BOS, EOS])
        self._has_grams = len(weights) > 1
        self._after_two = following.reshape(-1, width)[following[:width]] * width
        self._next_row = following * width
        self._weights_after = weights[following]

    def scores(self, source: NDArray[np.intp]) -> tuple[Floats, Indices]:
        """Return the scores of all candidates of a step, and the candidates as indices into ``source``.

        Args:
            source: (n,) symbol numbers: those left in their order, then the two taken out. Scores leave out n-grams
                of nothing but padding.
        """
        size, k = len(source), self._width - 2
        moves = _moves(size, int((source == HEAD).argmax()))
        symbols = np.append(source, (k, k + 1))
        scores = self._pairs[:, symbols[:, None], symbols].take(moves.pairs).sum(axis=1)
        if self._has_grams:
            starts = size + LONGEST_GRAM - 1
            padded = symbols.take(moves.padded)
            row = self._after_two.take(padded[:, :starts] * self._width + padded[:, 1 : starts + 1])
            total: Floats | None = None
            for step in range(2, LONGEST_GRAM):
                row += padded[:, step : step + starts]
                weights = self._weights_after.take(row)
                total = weights if total is None else total + weights
                row = self._next_row.take(row)
            scores += total.sum(axis=1) if total is not None else 0.0
        return scores, moves.orders

    def draw(self, slots: Sequence[int], uniform: Callable[[], float], sweeps: int = SWEEPS) -> list[int]:
        """Draw an order of ``slots`` (symbol numbers, at most 24) by the chain.

        Args:
            slots: number of the symbol of every slot.
            uniform: a stream of numbers in [0, 1).
            sweeps: length of the chain.
        """
        size = len(slots)
        symbols = np.array(slots, dtype=np.intp)
        order = _random_order(size, uniform)  # of slots, not of symbols
        for _ in range(sweeps):
            turn = _random_order(size, uniform)
            for two in zip(turn[::2], [*turn[1::2], turn[0]], strict=False):
                source = [slot for slot in order if slot not in two]
                source += two
                scores, candidates = self.scores(symbols.take(source))
                cumulative = np.exp(scores - scores.max()).cumsum()
                chosen = int(cumulative.searchsorted(uniform() * cumulative[-1], side="right"))
                order = [source[index] for index in candidates[min(chosen, len(scores) - 1)].tolist()]
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
