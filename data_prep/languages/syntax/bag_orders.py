"""Orders of bags of slots: drawn exactly, each bag's distribution computed once and kept while there is room."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.enumeration import Floats, order_tree, score_all
from data_prep.languages.syntax.ordering_model import OrderingModel
from data_prep.languages.syntax.wide_nodes import WideNode
from data_prep.randomness import generator

WIDEST_ENUMERATED = 8
WIDEST_SUMMED = 14
"""Slots of the widest node that is permuted; a wider one keeps its order."""
CACHE_BYTES = 96 << 20
KEPT_MASS = 0.9999
"""Share of the probability of a bag's orders that is kept in memory, at most MOST_KEPT of them."""
MOST_KEPT = 512
_ENTRY_OVERHEAD = 600
"""Bytes of a key and an array besides its numbers, about."""


def canonical(head: str, slots: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """Return the bag (head first, then dependents sorted) and which dependent each of its slots is (-1: the head)."""
    ranking = sorted(range(len(slots)), key=slots.__getitem__)
    return (head, *[slots[i] for i in ranking]), [-1, *ranking]


class _Distribution(NamedTuple):
    """Orders of a bag, the most probable first."""

    cumulative: Floats
    """Cumulative unnormalised probabilities of the orders kept."""
    orders: NDArray[np.uint8]
    """(kept, n): these orders, as slot indices."""
    total: float
    """Sum over all orders, kept or not."""
    complete: bool
    """Whether all orders are kept."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory, about."""
        return self.cumulative.nbytes + self.orders.nbytes + _ENTRY_OVERHEAD


class BagOrders:
    """Distributions over the orders of bags under one model; memory is bounded by ``cache_bytes``.

    Of every bag the most probable orders are kept, at most 512. A draw that falls among the others computes the
    distribution again, so that drawing stays exact and does not depend on what is in the cache. Of bags too wide to
    enumerate a weighted sample is kept, which is a function of the bag alone.
    """

    def __init__(self, model: OrderingModel, cache_bytes: int = CACHE_BYTES) -> None:
        """Start with an empty cache."""
        self.model = model
        self._cache: OrderedDict[tuple[str, ...], _Distribution] = OrderedDict()
        self._room = cache_bytes
        self.computed = 0
        """How many distributions have been computed."""

    def __len__(self) -> int:
        """Return how many distributions are kept."""
        return len(self._cache)

    def _compute(self, bag: tuple[str, ...]) -> _Distribution:
        self.computed += 1
        if len(bag) > WIDEST_ENUMERATED:
            scores, orders = WideNode(self.model, bag).weighted_sample(generator(0, "\0".join(bag)).random)
        else:
            scores, orders = score_all(self.model, bag), order_tree(len(bag)).orders
        ranks = np.argsort(-scores, kind="stable")
        cumulative = np.exp(scores[ranks] - scores[ranks[0]]).cumsum()
        return _Distribution(cumulative, orders[ranks], float(cumulative[-1]), True)

    def _keep(self, bag: tuple[str, ...], whole: _Distribution) -> None:
        kept = min(int(whole.cumulative.searchsorted(KEPT_MASS * whole.total)) + 1, MOST_KEPT)
        complete = kept >= len(whole.orders)
        part = _Distribution(whole.cumulative[:kept].copy(), whole.orders[:kept].copy(), whole.total, complete)
        self._cache[bag] = part
        self._room -= part.nbytes
        while self._room < 0:
            _, oldest = self._cache.popitem(last=False)
            self._room += oldest.nbytes

    def draw(self, bag: tuple[str, ...], uniform: Callable[[], float]) -> list[int] | None:
        """Draw an order of a canonical bag: slot indices, None if it has too many slots."""
        if len(bag) > WIDEST_SUMMED:
            return None
        found = self._cache.get(bag)
        if found is None:
            found = self._compute(bag)
            self._keep(bag, found)
        else:
            self._cache.move_to_end(bag)
        target = uniform() * found.total
        if not found.complete and target >= found.cumulative[-1]:
            found = self._compute(bag)
        chosen = min(int(found.cumulative.searchsorted(target, side="right")), len(found.orders) - 1)
        return found.orders[chosen].tolist()

    def assess(self, head: str, slots: Sequence[str], head_place: int) -> tuple[float, bool]:
        """Return log p of dependents ``slots`` with the head at ``head_place``, and whether no order is more probable.

        Args:
            head: symbol of the head.
            slots: symbols of the dependents in their order.
            head_place: how many of them stand left of the head; at most 8 slots with the head.
        """
        scores = score_all(self.model, (head, *slots))
        true_order = [*range(1, head_place + 1), 0, *range(head_place + 1, len(slots) + 1)]
        true = float(scores[rank_of(true_order)])
        top = float(scores.max())
        return true - top - math.log(float(np.exp(scores - top).sum())), true >= top - 1e-9


def rank_of(order: Sequence[int]) -> int:
    """Return the place of an order among all, lexicographically."""
    rank = 0
    for place, slot in enumerate(order):
        smaller_later = sum(1 for later in order[place + 1 :] if later < slot)
        rank = rank * (len(order) - place) + smaller_later
    return rank
