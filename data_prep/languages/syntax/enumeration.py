"""Exact scores of all orders of a bag of slots.

The orders of a bag are a tree of prefixes, in lexicographic order; slots of one symbol are not told apart, which
makes the tree smaller. What adding a slot contributes depends on which slots already stand left and right of the
head, and on the last four slots. Each level of the tree is therefore two look-ups in small tables, for all its
prefixes at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.ordering_model import BOS, EOS, LONGEST_GRAM, OrderingModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]
HEAD = 0
"""Index of the head among the symbols of a bag: always the first."""
TREES_KEPT = 48


class PairTables(NamedTuple):
    """Weights of pairs of symbols, ``[first, second]``; k symbols, the head being number 0.

    ``adjacent`` is (k + 1, k + 1): row k is BOS, column k is EOS. The others are (k, k) and add what a pair in that
    order weighs when both stand left of the head, on either side of it, and both right of it.
    """

    adjacent: Floats
    left: Floats
    across: Floats
    right: Floats


def pair_tables(model: OrderingModel, symbols: Sequence[str]) -> PairTables:
    """Collect the weights of all pairs of ``symbols``, the head first."""
    size = len(symbols)
    weigh = model.pair_weights
    found = np.array([weigh(a, b) for a in (*symbols, BOS) for b in (*symbols, EOS)])
    found = found.reshape(size + 1, size + 1, -1).transpose(2, 0, 1)
    pairs = found[:, :size, :size].copy()
    pairs[2:, HEAD, :] = 0.0
    pairs[2:, :, HEAD] = 0.0
    return PairTables(found[0].copy(), pairs[1] + pairs[2], pairs[1] + pairs[4], pairs[1] + pairs[3])


class _Level(NamedTuple):
    parents: Indices
    """Index of every prefix without its last slot, in the level above."""
    context: Indices
    """Flat index into the table (who stands where, new slot)."""
    window: Indices
    """Flat index into the table (up to four slots before, new slot)."""


class OrderTree(NamedTuple):
    """All orders of a bag with ``counts[i]`` slots of symbol i, and the tree of their prefixes."""

    counts: tuple[int, ...]
    orders: NDArray[np.uint8]
    """(orders, n): symbols, lexicographic."""
    levels: list[_Level]
    before_head: Floats
    """(a, k): how many slots of every symbol stand there while the head is to come."""
    left_of_head: Floats
    """(b, k): once it is there, how many stand left of it."""
    right_of_head: Floats
    """(b, k): and how many right of it."""

    @property
    def size(self) -> int:
        """Number of slots, n."""
        return self.orders.shape[1]


@lru_cache(maxsize=TREES_KEPT)
def order_tree(counts: tuple[int, ...]) -> OrderTree:
    """Build the tree of orders of a bag; built once.

    Args:
        counts: number of slots of every symbol; 1 for the head, which is the first; at most 9 in all.
    """
    symbols, size = len(counts), sum(counts)
    window = max(min(size, LONGEST_GRAM) - 1, 1)
    base = size  # more than any count
    left_digits = np.array([0, *(base**i for i in range(symbols - 1))], dtype=np.int64)
    right_digits = left_digits * base ** (symbols - 1)
    is_placed = base ** (2 * symbols - 2)
    remaining = np.array([counts], dtype=np.int8)
    prefixes = np.empty((1, 0), dtype=np.uint8)
    history = np.full((1, window), symbols, dtype=np.int64)  # stands for BOS
    state = np.zeros(1, dtype=np.int64)  # who stands where
    powers = (symbols + 1) ** np.arange(window - 1, -1, -1)
    steps = []
    for _ in range(size):
        parents, new = np.nonzero(remaining)
        steps.append((parents, state[parents], new, (history @ powers)[parents] * symbols + new))
        placed = state[parents] >= is_placed
        digit = np.where(placed, right_digits[new], left_digits[new])
        state = state[parents] + np.where(new == HEAD, is_placed, digit)
        remaining = remaining[parents]
        remaining[np.arange(len(new)), new] -= 1
        prefixes = np.concatenate([prefixes[parents], new[:, None].astype(np.uint8)], axis=1)
        history = np.concatenate([history[parents, 1:], new[:, None]], axis=1)
    states, rows = np.unique(np.concatenate([state for _, state, _, _ in steps]), return_inverse=True)
    ends = np.cumsum([len(state) for _, state, _, _ in steps])[:-1]
    levels = [
        _Level(parents, row * symbols + new, at)
        for (parents, _, new, at), row in zip(steps, np.split(rows.reshape(-1), ends), strict=True)
    ]
    digits = (states[:, None] // base ** np.arange(2 * symbols - 2)) % base
    left, right = (np.pad(part, ((0, 0), (1, 0))).astype(np.float64) for part in np.split(digits, 2, axis=1))
    first_placed = int(np.searchsorted(states, is_placed))
    return OrderTree(
        counts,
        prefixes,
        levels,
        left[:first_placed],
        left[first_placed:],
        right[first_placed:],
    )


def _window_tables(
    model: OrderingModel, symbols: Sequence[str], size: int, adjacent: Floats
) -> tuple[Floats, Floats, float]:
    """Return weights by (up to four slots before, new slot), the same for the last slot, and of all orders alike.

    n-grams of each length have a table of their own first; adding them up gives that of the longest.
    """
    k = len(symbols)
    longest = max(min(size, LONGEST_GRAM), 2)
    inside: list[Floats] = [np.zeros((k + 1) ** (length - 1) * k) for length in range(2, longest + 1)]
    at_end: list[Floats] = [np.zeros((k + 1) ** length) for length in range(1, longest)]
    inside[0] += np.vstack([adjacent[:k, :k], adjacent[k, :k]]).ravel()
    at_end[0][:k] += adjacent[:k, k]
    everywhere = 0.0
    grams = model.grams
    if size >= 3 and grams:
        numbers = grams.numbers([*symbols, BOS, EOS])
        node = np.zeros(1, dtype=np.int64)
        code = np.zeros(1, dtype=np.int64)  # of the slots, BOS included, as digits of base k + 1
        slots = np.zeros(1, dtype=np.int64)  # how many these are
        for length in range(1, longest + 1):
            children = grams.below(node, numbers)
            parents, new = np.nonzero(children)
            node = children[parents, new]
            is_end = new == k + 1
            before = code[parents]
            code = np.where(is_end, before, before * (k + 1) + new)
            slots = slots[parents] + ~is_end
            weighs = np.flatnonzero(grams.weights[node])
            if length < 3 or not len(weighs):
                continue
            weight = grams.weights[node[weighs]]
            is_slot = new[weighs] < k
            padding = (new[weighs] == k) | (slots[weighs] == 0)
            everywhere += float(weight[padding].sum()) * (longest - length)
            inside[length - 2][before[weighs[is_slot]] * k + new[weighs[is_slot]]] = weight[is_slot]
            for many in range(1, length):
                chosen = is_end[weighs] & (slots[weighs] == many)
                at_end[many - 1][code[weighs[chosen]]] += weight[chosen]
    for tables in (inside, at_end):
        for shorter, longer in pairwise(tables):
            longer.reshape(k + 1, -1)[...] += shorter
    last = inside[-1].reshape(-1, (k + 1) ** (longest - 2), k) + at_end[-1].reshape(-1, k + 1)[:, :k]
    return inside[-1], last.ravel(), everywhere


def score_bag(model: OrderingModel, symbols: Sequence[str], counts: tuple[int, ...]) -> Floats:
    """Return the scores of all orders of a bag, in the order of ``order_tree(counts).orders``.

    Args:
        model: the (mixed) ordering model.
        symbols: k different symbols, the head first.
        counts: how many slots of each there are, 9 at most in all.
    """
    tree = order_tree(counts)
    tables = pair_tables(model, symbols)
    before = tree.before_head @ tables.left
    before[:, HEAD] = tree.before_head @ tables.across[:, HEAD]
    after = tree.left_of_head @ tables.across + tree.right_of_head @ tables.right + tables.right[HEAD]
    context = np.concatenate([before, after]).ravel()
    inside, last, everywhere = _window_tables(model, symbols, tree.size, tables.adjacent)
    scores = np.full(1, everywhere)
    for level in tree.levels:
        if len(level.parents) > len(scores):
            scores = scores.take(level.parents)
        scores += context.take(level.context)
        scores += (last if level is tree.levels[-1] else inside).take(level.window)
    return scores


def score_all(model: OrderingModel, slots: Sequence[str]) -> Floats:
    """Return the scores of all n! orders of ``slots`` (the head first), slots of one symbol told apart.

    The orders are those of ``order_tree((1,) * n).orders``, which holds indices into ``slots``.
    """
    return score_bag(model, slots, (1,) * len(slots))


def log_sum(scores: Floats) -> float:
    """Return the logarithm of the sum of exp(scores)."""
    top = float(scores.max())
    return top + math.log(float(np.exp(scores - top).sum()))
