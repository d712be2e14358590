"""Orders of bags of slots: each bag's distribution computed once and kept while there is room.

A bag is the symbols of a node: the head's, then those of the other slots in surface order.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.enumeration import Floats, log_sum, order_tree, score_bag
from data_prep.languages.syntax.ordering_model import OrderingModel
from data_prep.languages.syntax.wide_nodes import WIDEST_SAMPLED, WideNode

WIDEST_ENUMERATED = 9
CACHE_BYTES = 96 << 20
KEPT_MASS = 0.9999
"""Share of the probability of a bag's orders that is kept in memory, at most MOST_KEPT of them."""
MOST_KEPT = 512
LIKELY = 1e-7
"""An order this much less probable than the most probable one is not kept."""
_ENTRY_OVERHEAD = 900
"""Bytes of a key and an entry besides its numbers, about."""

Bag = tuple[str, ...]


class _Kind(NamedTuple):
    """What bags have in common that differ in the order of their slots only."""

    symbols: tuple[str, ...]
    """The different symbols, the head's first, then the most frequent."""
    counts: tuple[int, ...]
    """How many slots each has."""


class _Distribution(NamedTuple):
    """The most probable orders of a bag, beginning with the most probable one."""

    cumulative: array[float]
    """Cumulative unnormalised probabilities of the orders kept."""
    orders: bytes
    """These orders, n symbol numbers each."""
    total: float
    """Sum over all orders, kept or not."""
    complete: bool
    """Whether all orders are kept."""


class _Entry(NamedTuple):
    """What is kept of a bag."""

    cumulative: array[float]
    """As in :class:`_Distribution`; empty where the orders are too many to enumerate."""
    orders: bytes
    """The orders kept: slots of the bag if all have symbols of their own, else symbol numbers."""
    total: float
    kind: _Kind
    places: list[list[int]] | None
    """For every symbol, which slots of the bag have it; None if none has more than one."""
    nbytes: int
    """In memory, about."""


def kind_of(bag: Bag) -> tuple[_Kind, list[list[int]]]:
    """Return the kind of a bag, and for every symbol of it the slots that have it."""
    places: dict[str, list[int]] = {}
    for index, symbol in enumerate(bag):
        places.setdefault(symbol, []).append(index)
    head, *others = places
    symbols = (head, *sorted(others, key=lambda symbol: (-len(places[symbol]), symbol)))
    return _Kind(symbols, tuple(len(places[symbol]) for symbol in symbols)), [places[symbol] for symbol in symbols]


class BagOrders:
    """Distributions over the orders of bags under one model; memory is bounded by ``cache_bytes``.

    Bags of at most 9 slots are drawn from exactly. Of each the most probable orders are kept, at most 512; a draw that
    falls among the others computes the distribution again, so that a draw does not depend on what is in the cache.
    Wider bags are drawn from by a Markov chain.
    """

    def __init__(self, model: OrderingModel, cache_bytes: int = CACHE_BYTES) -> None:
        """Start with an empty cache."""
        self.model = model
        self._cache: OrderedDict[Bag, _Entry] = OrderedDict()
        self._kinds: dict[_Kind, tuple[_Distribution, int]] = {}  # and how many bags of the cache are of that kind
        self._room = cache_bytes
        self.computed = 0
        """How many distributions have been computed."""

    def __len__(self) -> int:
        """Return how many bags are kept."""
        return len(self._cache)

    def draw(self, bag: Bag, uniform: Callable[[], float]) -> Sequence[int] | None:
        """Draw an order of a bag.

        Args:
            bag: symbols, the head's first.
            uniform: a stream of numbers in [0, 1).

        Returns:
            The slots of the bag, 0 being the head, in their new order; None if there are more than 24.
        """
        entry = self._cache.get(bag)
        if entry is None:
            if len(bag) > WIDEST_SAMPLED:
                return None
            entry = self._enter(bag)
        else:
            self._cache.move_to_end(bag)
        cumulative, orders, total, kind, places, _ = entry
        if not cumulative:
            slots = [number for number, count in enumerate(kind.counts) for _ in range(count)]
            order: Sequence[int] = WideNode(self.model, kind.symbols).draw(slots, uniform)
            places = places or kind_of(bag)[1]
        else:
            target = uniform() * total
            chosen = bisect_right(cumulative, target)
            if chosen == len(cumulative):
                order = self._order_beyond(kind, target)
                places = places or kind_of(bag)[1]
            else:
                size = len(bag)
                order = orders[chosen * size : chosen * size + size]
        if places is None:
            return order
        waiting = [iter(_shuffled(own, uniform) if len(own) > 1 else own) for own in places]
        return [next(waiting[number]) for number in order]

    def _enter(self, bag: Bag) -> _Entry:
        kind, places = kind_of(bag)
        repeated = places if len(places) < len(bag) else None
        if len(bag) > WIDEST_ENUMERATED:
            return _Entry(array("d"), b"", 0.0, kind, repeated, 0)
        distribution, bags = self._kinds.get(kind) or (self._computed(kind), 0)
        cumulative, orders, total, _ = distribution
        if repeated is None:
            orders = orders.translate(bytes(own[0] for own in places).ljust(256))
        nbytes = _ENTRY_OVERHEAD + 8 * len(cumulative) + 2 * len(orders)
        entry = self._cache[bag] = _Entry(cumulative, orders, total, kind, repeated, nbytes)
        self._kinds[kind] = (distribution, bags + 1)
        self._room -= nbytes
        while self._room < 0:
            _, oldest = self._cache.popitem(last=False)
            self._room += oldest.nbytes
            distribution, bags = self._kinds.pop(oldest.kind)
            if bags > 1:
                self._kinds[oldest.kind] = (distribution, bags - 1)
        return entry

    def _computed(self, kind: _Kind) -> _Distribution:
        weights, kept = self._weights(kind)
        cumulative = weights[kept].cumsum()
        total = float(weights.sum())
        few = min(int(cumulative.searchsorted(KEPT_MASS * total)) + 1, len(kept))
        orders = order_tree(kind.counts).orders[kept[:few]].tobytes()
        return _Distribution(array("d", cumulative[:few].tolist()), orders, total, few == len(weights))

    def _weights(self, kind: _Kind) -> tuple[Floats, NDArray[np.intp]]:
        """Return the unnormalised probabilities of all orders, and which are the most probable, these first."""
        self.computed += 1
        scores = score_bag(self.model, *kind)
        weights = np.exp(scores - scores.max())
        best = np.flatnonzero(weights >= LIKELY)
        if len(best) > MOST_KEPT:
            best = best[weights[best] >= np.partition(weights[best], -MOST_KEPT)[-MOST_KEPT]]
        return weights, best[np.argsort(-weights[best], kind="stable")][:MOST_KEPT]

    def _order_beyond(self, kind: _Kind, target: float) -> Sequence[int]:
        """Return the order that a number falls on that is beyond the orders kept."""
        kept, _ = self._kinds.get(kind) or (self._computed(kind), 0)
        if kept.complete:  # rounding
            return kept.orders[-sum(kind.counts) :]
        weights, best = self._weights(kind)
        weights[best[: len(kept.cumulative)]] = 0.0
        cumulative = weights.cumsum()
        chosen = int(cumulative.searchsorted(target - kept.cumulative[-1], side="right"))
        last = int(np.flatnonzero(weights)[-1])
        return order_tree(kind.counts).orders[min(chosen, last)].tobytes()

    def assess(self, bag: Bag, order: Sequence[int], marks: int = 0) -> tuple[float, bool]:
        """Return log p of an order, whatever the places of the marks, and whether none is more probable.

        Args:
            bag: at most 9 symbols: the head's, those of the dependents, those of the punctuation marks.
            order: the head (0) and the dependents (numbers in ``bag``) in their order.
            marks: how many slots of ``bag``, the last ones, are marks.
        """
        own = len(bag) - marks
        kind, places = kind_of(bag[:own])
        of_marks = Counter(bag[own:])
        symbols, counts = (*kind.symbols, *of_marks), (*kind.counts, *of_marks.values())
        number_of = {slot: number for number, slots in enumerate(places) for slot in slots}
        scores = score_bag(self.model, symbols, counts)
        orders = order_tree(counts).orders
        without = orders[orders < len(places)].reshape(-1, own).astype(np.int64)
        codes = without @ len(places) ** np.arange(own)
        true = int(np.array([number_of[slot] for slot in order]) @ len(places) ** np.arange(own))
        _, which = np.unique(codes, return_inverse=True)
        sums = np.bincount(which.reshape(-1), np.exp(scores - scores.max()))
        here = sums[which.reshape(-1)[int(np.flatnonzero(codes == true)[0])]]
        alike = sum(math.lgamma(count + 1) for count in kind.counts)
        log_p = math.log(here) + float(scores.max()) - log_sum(scores) - alike
        return log_p, bool(here >= sums.max() * (1 - 1e-9))


def _shuffled(items: Sequence[int], uniform: Callable[[], float]) -> list[int]:
    keys = [uniform() for _ in items]
    return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]
