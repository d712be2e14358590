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
    left: Floats
    """(states, k): how many slots of every symbol stand left of the head, or anywhere while the head is to come."""
    right: Floats
    """(states, k): how many stand right of it."""
    has_head: NDArray[np.bool_]
    """(states, 1): whether the head is there."""

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
    k, size = len(counts), sum(counts)
    window = max(min(size, LONGEST_GRAM) - 1, 1)
    powers = (k + 1) ** np.arange(window)
    at_most = (k + 1) ** window
    prefixes = np.empty((1, 0), dtype=np.uint8)
    history = np.array([k * powers.sum()])  # the last slots as digits of base k + 1; k stands for BOS
    # Who stands where: how many of each symbol left of the head, then right of it, as decimal digits; the head itself
    # is its digit on the left.
    digits = 10 ** np.arange(2 * k, dtype=np.int64)
    states = [np.zeros(1, dtype=np.int64)]
    state = np.zeros(1, dtype=np.int64)
    levels = []
    first = 0
    for _ in range(size):
        here = states[-1]
        standing = here[:, None] // digits % 10
        free = standing[:, :k] + standing[:, k:] < np.array(counts)
        there = here[:, None] + np.where(standing[:, :1] > 0, digits[k:], digits[:k])
        following, number = np.unique(there[free], return_inverse=True)
        next_state = np.zeros(free.shape, dtype=np.int64)
        next_state[free] = number.reshape(-1)
        parents, new = np.nonzero(free[state])
        at = state[parents]
        levels.append(_Level(parents, (first + at) * k + new, history[parents] * k + new))
        first += len(here)
        state = next_state[at, new]
        states.append(following)
        prefixes = np.concatenate([prefixes[parents], new[:, None].astype(np.uint8)], axis=1)
        history = history[parents] * (k + 1) % at_most + new
    every = np.concatenate(states[:-1])[:, None] // digits % 10
    left, right = every[:, :k].astype(np.float64), every[:, k:].astype(np.float64)
    has_head = left[:, :1] > 0
    left[:, HEAD] = 0
    return OrderTree(counts, prefixes, levels, left, right, has_head)


def _window_tables(
    model: OrderingModel, symbols: Sequence[str], size: int, adjacent: Floats
) -> tuple[Floats, Floats, float]:
    """Return weights by (up to four slots before, new slot), the same for the last slot, and of all orders alike.

    n-grams of each length have a table of their own first; adding them up gives that of the longest.
    """
    k = len(symbols)
    longest = max(min(size, LONGEST_GRAM), 2)
    # Table i of n-grams that end in a slot is of i + 2 slots, of n-grams that end the order of i + 1.
    starts = [0, *np.cumsum([(k + 1) ** (length - 1) * k for length in range(2, longest + 1)]).tolist()]
    inside = np.zeros(starts[-1])
    end_starts = np.array([0, *np.cumsum([(k + 1) ** length for length in range(1, longest)])])
    at_end = np.zeros(end_starts[-1])
    inside[: (k + 1) * k] = np.vstack([adjacent[:k, :k], adjacent[k, :k]]).ravel()
    at_end[:k] = adjacent[:k, k]
    everywhere = 0.0
    grams = model.grams
    if size >= 3 and grams:
        numbers = grams.numbers([*symbols, BOS, EOS])
        node = code = slots = np.zeros(1, dtype=np.int64)  # BOS counts as a slot, EOS does not; digits of base k + 1
        for length in range(1, longest + 1):
            children = grams.below(node, numbers)
            parents, new = np.nonzero(children)
            node = children[parents, new]
            before, is_end = code[parents], new > k
            code = np.where(is_end, before, before * (k + 1) + new)
            slots = slots[parents] + ~is_end
            if length < 3:
                continue
            weight = grams.weights[node]
            is_slot = new < k
            inside[starts[length - 2] + before[is_slot] * k + new[is_slot]] = weight[is_slot]
            padding = (new == k) | (slots == 0)
            everywhere += float(weight[padding].sum()) * (longest - length)
            is_end &= slots > 0
            at_end[end_starts[slots[is_end] - 1] + code[is_end]] += weight[is_end]
    parts = [inside[a:b] for a, b in pairwise(starts)]
    end_parts = [at_end[a:b] for a, b in pairwise(end_starts.tolist())]
    for tables in (parts, end_parts):
        for shorter, longer in pairwise(tables):
            longer.reshape(k + 1, -1)[...] += shorter
    last = parts[-1].reshape(-1, (k + 1) ** (longest - 2), k) + end_parts[-1].reshape(-1, k + 1)[:, :k]
    return parts[-1], last.ravel(), everywhere


def score_bag(model: OrderingModel, symbols: Sequence[str], counts: tuple[int, ...]) -> Floats:
    """Return the scores of all orders of a bag, in the order of ``order_tree(counts).orders``.

    Args:
        model: the (mixed) ordering model.
        symbols: k different symbols, the head first.
        counts: how many slots of each there are, 9 at most in all.
    """
    tree = order_tree(counts)
    tables = pair_tables(model, symbols)
    across = tree.left @ tables.across
    before = tree.left @ tables.left
    before[:, HEAD] = across[:, HEAD]
    after = across + tree.right @ tables.right + tables.right[HEAD]
    context = np.where(tree.has_head, after, before).ravel()
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
