"""Orders of nodes too wide for enumeration.

Without n-grams, a score falls apart once it is known which dependents stand left of the head: the order on
either side is a chain, summed over exactly by dynamic programming over (subset, last slot). n-grams are put back
by importance resampling: orders are drawn from the distribution without them, and one of these is chosen
in proportion to exp(weight of its n-grams).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.enumeration import HEAD, Floats, Integers, pair_tables
from data_prep.languages.syntax.ordering_model import LONGEST_GRAM, OrderingModel

DRAWS = 512
"""Orders drawn for importance resampling."""


def _log_sum(values: Floats, axis: int) -> Floats:
    top = values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis=axis)


def _chains(start: Floats, step: Floats, pairs: Floats, members: Floats) -> Floats:
    """Return log sums over all orders of every subset, by last slot.

    Args:
        start: (k,) weight of beginning with a slot.
        step: (k, k) weight of a slot directly after another.
        pairs: (k, k) weight of a slot anywhere after another.
        members: (2^k, k) subsets as rows of 0 and 1.

    Returns:
        (2^k, k), -inf where the last slot is not in the subset.
    """
    count, size = members.shape
    sums = np.full((count, size), -np.inf)
    sums[1 << np.arange(size), np.arange(size)] = start
    cardinality = members.sum(axis=1)
    from_others = members @ pairs
    for many in range(1, size):
        subsets = np.flatnonzero(cardinality == many)
        for new in range(size):
            without = subsets[members[subsets, new] == 0]
            total = _log_sum(sums[without] + step[:, new], axis=1) + from_others[without, new]
            sums[without + (1 << new), new] = total
    return sums


def _choose(logits: Floats, numbers: Floats) -> Integers:
    """Draw one column per row of unnormalised log probabilities."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    cumulative = weights.cumsum(axis=1)
    chosen = (cumulative <= (numbers * cumulative[:, -1])[:, None]).sum(axis=1)
    return np.minimum(chosen, logits.shape[1] - 1)


class WideNode:
    """The distribution without n-grams over the orders of a bag of slots, the head first."""

    def __init__(self, model: OrderingModel, slots: Sequence[str]) -> None:
        """Sum over all orders; time and memory grow with 2^n."""
        self.model = model
        self.slots = tuple(slots)
        size = len(slots) - 1
        tables = pair_tables(model, slots)
        adjacent = tables.adjacent
        inner = slice(1, size + 1)
        self._members = (np.arange(1 << size)[:, None] >> np.arange(size) & 1).astype(np.float64)
        self._step = adjacent[inner, inner]
        self._to_head = adjacent[inner, HEAD]
        self._to_end = adjacent[inner, size + 1]
        self._left = _chains(adjacent[size + 1, inner], self._step, tables.left[inner, inner], self._members)
        self._right = _chains(adjacent[HEAD, inner], self._step, tables.right[inner, inner], self._members)
        everything = (1 << size) - 1
        left_sums = _log_sum(self._left + self._to_head, axis=1)
        left_sums[0] = adjacent[size + 1, HEAD]
        right_sums = _log_sum(self._right + self._to_end, axis=1)
        right_sums[0] = adjacent[HEAD, size + 1]
        across = ((self._members @ tables.across[inner, inner]) * (1 - self._members)).sum(axis=1)
        across += self._members @ tables.across[inner, HEAD] + (1 - self._members) @ tables.right[HEAD, inner]
        self._sides = left_sums + right_sums[everything - np.arange(everything + 1)] + across
        self.log_total = float(_log_sum(self._sides[None], axis=1)[0])
        """Logarithm of the sum of exp(score without n-grams) over all orders."""
        # n-grams of nothing but padding are in every order
        self._grams = [(gram, w) for gram, w in model.gram_weights(self.slots) if min(gram) < len(slots)]

    def _draw_side(self, sums: Floats, ends: Floats, subsets: Integers, uniform: Callable[[], Floats]) -> Integers:
        """Return (draws, size) slots of a side from last to first, -1 where there are no more."""
        size = self._members.shape[1]
        slots = np.full((len(subsets), size), -1)
        subsets = subsets.copy()
        after = np.tile(ends, (len(subsets), 1))
        for place in range(size):
            numbers = uniform()
            active = np.flatnonzero(subsets)
            if not len(active):
                continue
            last = _choose(sums[subsets[active]] + after[active], numbers[active])
            slots[active, place] = last
            subsets[active] -= 1 << last
            after[active] = self._step[:, last].T
        return slots

    def draw_without_grams(self, draws: int, uniform: Callable[[], float]) -> NDArray[np.int64]:
        """Draw orders exactly from the distribution without n-grams; returns (draws, n) slot indices."""

        def numbers() -> Floats:
            return np.array([uniform() for _ in range(draws)])

        size = len(self.slots)
        left_sets = _choose(np.tile(self._sides, (draws, 1)), numbers())
        everything = (1 << (size - 1)) - 1
        left = self._draw_side(self._left, self._to_head, left_sets, numbers)
        right = self._draw_side(self._right, self._to_end, everything - left_sets, numbers)
        orders = np.empty((draws, size), dtype=np.int64)
        for row in range(draws):
            before = left[row][left[row] >= 0][::-1] + 1
            after = right[row][right[row] >= 0][::-1] + 1
            orders[row] = np.concatenate([before, [HEAD], after])
        return orders

    def gram_scores(self, orders: NDArray[np.int64]) -> Floats:
        """Return the weight of all n-grams of every order, (draws,), but for those of padding only."""
        size = orders.shape[1]
        base = size + 2
        longest = min(size, LONGEST_GRAM)
        padded = np.pad(orders, ((0, 0), (longest - 1, longest - 1)), constant_values=size)
        padded[:, longest - 1 + size :] = size + 1
        scores = np.zeros(len(orders))
        for length in range(3, longest + 1):
            powers = base ** np.arange(length - 1, -1, -1)
            weights = {int(np.dot(gram, powers)): w for gram, w in self._grams if len(gram) == length}
            if weights:
                codes = np.array(sorted(weights))
                values = np.array([weights[int(code)] for code in codes])
                windows = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1) @ powers
                found = np.minimum(np.searchsorted(codes, windows), len(codes) - 1)
                scores += np.where(codes[found] == windows, values[found], 0.0).sum(axis=1)
        return scores

    def weighted_sample(self, uniform: Callable[[], float], draws: int = DRAWS) -> tuple[Floats, NDArray[np.uint8]]:
        """Draw orders without regard to n-grams, and return what their n-grams weigh.

        Choosing one of them with probability proportional to exp(weight) draws from the full distribution, the
        better the more there are (importance resampling).

        Args:
            uniform: a stream of numbers in [0, 1).
            draws: how many orders.

        Returns:
            (draws,) logarithmic weights and (draws, n) slot indices.
        """
        orders = self.draw_without_grams(draws, uniform)
        return self.gram_scores(orders), orders.astype(np.uint8)
