"""Bags with the orders a tree bank shows them in: what ordering models are trained on, and how probable they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from data_prep.languages.syntax.bag_orders import WIDEST_ENUMERATED
from data_prep.languages.syntax.conllu import Sentence
from data_prep.languages.syntax.conversion import working_tree
from data_prep.languages.syntax.ordering_model import NOUN_CLASS, VERB_CLASS, head_symbol, slot_symbol
from data_prep.languages.syntax.reordering import Bag, bag_of, prepare
from data_prep.languages.syntax.units import Units
from data_prep.languages.syntax.word_order import NodeOrders, WordOrder


class ObservedBag(NamedTuple):
    """A node of a tree.

    Attributes:
        tag: UPOS of the head.
        head: symbol of the head.
        slots: symbols of the dependents, in surface order.
        head_place: how many of them stand left of the head.
    """

    tag: str
    head: str
    slots: tuple[str, ...]
    head_place: int

    @property
    def size(self) -> int:
        """Number of slots, the head included."""
        return len(self.slots) + 1


def observed_bags(sentence: Sentence) -> Iterator[ObservedBag]:
    """Yield the bags of a tree in its own labels, as default reordering sees them: no marks, names whole."""
    units = Units(working_tree(sentence))
    tags, labels = units.tree.tags, units.tree.labels
    for unit, dependents in enumerate(units.below):
        if dependents and (tags[unit] in NOUN_CLASS or tags[unit] in VERB_CLASS):
            slots = tuple(slot_symbol(tags[i], labels[i]) for i in dependents)
            yield ObservedBag(tags[unit], head_symbol(tags[unit]), slots, sum(i < unit for i in dependents))


Orders = dict[tuple[str, ...], Counter[tuple[int, ...]]]
"""For every bag, its slots sorted, how often each order of them was seen."""


def count_orders(bags: Iterable[ObservedBag], widest: int) -> Orders:
    """Count the orders of all bags of at most ``widest`` slots."""
    orders: Orders = {}
    for _, head, slots, place in bags:
        if len(slots) < widest:
            ranking = sorted(range(len(slots)), key=slots.__getitem__)
            slot_of = {dependent: slot for slot, dependent in enumerate(ranking, 1)}
            order = [slot_of[i] for i in range(len(slots))]
            order.insert(place, 0)
            symbols = (head, *(slots[i] for i in ranking))
            orders.setdefault(symbols, Counter())[tuple(order)] += 1
    return orders


class NodeSums:
    """Sums over nodes."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.nodes = 0
        self.log_p = 0.0
        self.log_p_random = 0.0
        self.best = 0

    def add(self, log_p: float, size: int, is_best: bool) -> None:
        """Add a node of ``size`` slots."""
        self.nodes += 1
        self.log_p += log_p
        self.log_p_random -= math.lgamma(size + 1)
        self.best += is_best

    def means(self) -> dict[str, Any]:
        """Return the number of nodes, mean log p, that of a random order, and how often the order is an argmax."""
        nodes = max(self.nodes, 1)
        return {
            "nodes": self.nodes,
            "log p": round(self.log_p / nodes, 4),
            "random order": round(self.log_p_random / nodes, 4),
            "argmax is true order %": round(100 * self.best / nodes, 1),
        }


def bags_under(sentence: Sentence, word_order: WordOrder) -> Iterator[tuple[NodeOrders, Bag, list[int]]]:
    """Yield the bags of a tree as reordering sees them, with the order observed: 0 the head, then the dependents."""
    units = Units(prepare(sentence, word_order))
    for unit, dependents in enumerate(units.below):
        node = word_order.classes.get(units.tree.tags[unit])
        if dependents and node is not None:
            bag = bag_of(units, unit, node)
            if bag.dependents:
                order = sorted(range(len(bag.dependents) + 1), key=[unit, *bag.dependents].__getitem__)
                yield node, bag, order


def likelihood(trees: Iterable[Sentence], word_order: WordOrder) -> dict[str, Any]:
    """Measure the orders of all nodes of up to 9 slots, whatever the places of marks; the inside of names is no order.

    Returns:
        Means by class (see :meth:`NodeSums.means`), and how many nodes were too wide.
    """
    sums = {"noun": NodeSums(), "verb": NodeSums(), "both": NodeSums()}
    nouns = word_order.classes["NOUN"]
    too_wide = 0
    for tree in trees:
        for node, bag, order in bags_under(tree, word_order):
            if len(bag.symbols) > WIDEST_ENUMERATED:
                too_wide += 1
                continue
            log_p, is_best = node.orders.assess(bag.symbols, order, bag.marks)
            for name in ("noun" if node is nouns else "verb", "both"):
                sums[name].add(log_p, len(order), is_best)
    return {name: values.means() for name, values in sums.items()} | {"too wide": too_wide}
