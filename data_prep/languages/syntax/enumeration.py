"""Exact scores of all orders of a bag of slots.

The orders of n slots are a tree of prefixes, in lexicographic order. What adding a slot contributes depends on the
slot before it, on which slots already stand left and right of the head, and, for n-grams, on the last four slots.
Each level of the tree is therefore a few look-ups in small tables, for all its prefixes at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.ordering_model import LONGEST_GRAM, OrderingModel
from data_prep.languages.syntax.symbols import BOS, EOS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
HEAD = 0
"""Index of the head among the slots of a bag: always the first."""


class PairTables(NamedTuple):
    """Weights of pairs of slots, ``[first, second]``; n slots, the head being slot 0.

    ``adjacent`` is (n + 1, n + 1): row n is BOS, column n is EOS. The others are (n, n) and add what a pair in that
    order weighs when both stand left of the head, on either side of it, and both right of it.
    """

    adjacent: Floats
    left: Floats
    across: Floats
    right: Floats


def pair_tables(model: OrderingModel, slots: Sequence[str]) -> PairTables:
    """Collect the weights of all pairs of ``slots``, the head first."""
    size = len(slots)
    weigh = model.pair_weights
    adjacent = np.zeros((size + 1, size + 1))
    pairs = np.zeros((5, size, size))
    for i, first in enumerate(slots):
        adjacent[size, i] = weigh(BOS, first).adjacent
        adjacent[i, size] = weigh(first, EOS).adjacent
        for j, second in enumerate(slots):
            if i != j:
                pairs[:, i, j] = weigh(first, second)
    adjacent[:size, :size] = pairs[0]
    pairs[2:, HEAD, :] = 0.0
    pairs[2:, :, HEAD] = 0.0
    return PairTables(adjacent, pairs[1] + pairs[2], pairs[1] + pairs[4], pairs[1] + pairs[3])


class _Level(NamedTuple):
    parents: Integers
    """Index of every prefix without its last slot, in the level above."""
    context: Integers
    """Flat index into the table (who stands where, new slot)."""
    adjacency: Integers
    """Flat index into the table (slot before, new slot)."""
    gram: Integers
    """Flat index into the table (up to four slots before, new slot)."""


class OrderTree(NamedTuple):
    """All orders of ``size`` slots, and the tree of their prefixes."""

    size: int
    orders: NDArray[np.uint8]
    """(size!, size), lexicographic."""
    levels: list[_Level]
    before_head: Floats
    """(2^(size-1), size): sets of slots, none being the head, as rows of 0 and 1."""
    left_of_head: Floats
    """(3^(size-1), size): where dependents are left of a placed head."""
    right_of_head: Floats
    """(3^(size-1), size): where they are right of it."""
    endings: Integers
    """(size!,): flat index of the last slots of every order, as in ``_Level.gram``."""


@cache
def order_tree(size: int) -> OrderTree:
    """Build the tree of orders of ``size`` slots (1 to 8); built once."""
    window = max(min(size, LONGEST_GRAM) - 1, 1)
    base = size + 1
    prefixes = np.empty((1, 0), dtype=np.int64)
    history = np.full((1, window), size, dtype=np.int64)  # size stands for BOS
    placed = np.zeros(1, dtype=bool)
    left = np.zeros(1, dtype=np.int64)  # bit set while the head is to come
    sides = np.zeros(1, dtype=np.int64)  # base 3 afterwards: 0 to come, 1 left, 2 right
    weights_of_left = np.array([0] + [3 ** (i - 1) for i in range(1, size)])
    powers = base ** np.arange(window - 1, -1, -1)
    levels = []
    for _ in range(size):
        count = len(prefixes)
        free = np.ones((count, size), dtype=bool)
        np.put_along_axis(free, prefixes, False, axis=1)
        parents, new = np.nonzero(free)
        row = np.where(placed, 2 ** (size - 1) + sides, left)[parents]
        levels.append(
            _Level(
                parents,
                row * size + new,
                history[parents, -1] * (size + 1) + new,
                (history @ powers)[parents] * size + new,
            )
        )
        is_head = new == HEAD
        was_placed = placed[parents]
        bit = np.where(is_head, 0, 2 ** np.maximum(new - 1, 0))
        ternary = weights_of_left[new]
        left = np.where(was_placed, 0, left[parents] + bit)
        sides = sides[parents] + np.where(is_head, 0, ternary * np.where(was_placed, 2, 1))
        placed = was_placed | is_head
        prefixes = np.concatenate([prefixes[parents], new[:, None]], axis=1)
        history = np.concatenate([history[parents, 1:], new[:, None]], axis=1)
    codes = np.arange(2 ** (size - 1))[:, None] >> np.arange(size - 1) & 1
    digits = np.arange(3 ** (size - 1))[:, None] // 3 ** np.arange(size - 1) % 3
    return OrderTree(
        size,
        prefixes.astype(np.uint8),
        levels,
        np.pad(codes, ((0, 0), (1, 0))).astype(np.float64),
        np.pad(digits == 1, ((0, 0), (1, 0))).astype(np.float64),
        np.pad(digits == 2, ((0, 0), (1, 0))).astype(np.float64),
        history @ powers,
    )


def _gram_tables(
    grams: Sequence[tuple[tuple[int, ...], float]], size: int, window: int
) -> tuple[Floats, Floats, float]:
    """Return weights by (slots before, new slot), by last slots, and of grams in every order."""
    inside: Any = np.zeros((size + 1,) * window + (size,))
    at_end: Any = np.zeros((size + 1,) * window)
    everywhere = 0.0
    for gram, weight in grams:
        slots = tuple(index for index in gram if index <= size)
        if not slots or slots[-1] == size:
            everywhere += weight
        elif len(slots) < len(gram):
            at_end[(..., *slots)] += weight
        else:
            inside[(..., *slots)] += weight
    return inside, at_end, everywhere


def score_all(model: OrderingModel, slots: Sequence[str]) -> Floats:
    """Return the scores of all orders of ``slots``, in the order of ``order_tree(len(slots)).orders``.

    Args:
        model: the (mixed) ordering model.
        slots: 1 to 8 symbols, the head first.
    """
    tree = order_tree(len(slots))
    size = tree.size
    tables = pair_tables(model, slots)
    before = tree.before_head @ tables.left
    before[:, HEAD] = tree.before_head @ tables.across[:, HEAD]
    after = tree.left_of_head @ tables.across + tree.right_of_head @ tables.right + tables.right[HEAD]
    context = np.concatenate([before, after]).ravel()
    adjacent = tables.adjacent.ravel()
    grams = model.gram_weights(slots)
    scores = np.zeros(1)
    inside = at_end = None
    if grams:
        inside, at_end, everywhere = _gram_tables(grams, size, min(size, LONGEST_GRAM) - 1)
        scores += everywhere
        inside = inside.ravel()
    for level in tree.levels:
        scores = scores[level.parents]
        scores += context[level.context]
        scores += adjacent[level.adjacency]
        if inside is not None:
            scores += inside[level.gram]
    scores += tables.adjacent[tree.orders[:, -1], size]
    if at_end is not None:
        scores += at_end.ravel()[tree.endings]
    return scores
