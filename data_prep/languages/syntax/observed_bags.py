"""Bags with the orders a tree bank shows them in: what ordering models are trained and scored on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from data_prep.languages.syntax.bag_orders import canonical
from data_prep.languages.syntax.conllu import Sentence
from data_prep.languages.syntax.conversion import working_tree
from data_prep.languages.syntax.reordering import bag_of, prepare
from data_prep.languages.syntax.symbols import NOUN_CLASS, VERB_CLASS, head_symbol, slot_symbol
from data_prep.languages.syntax.units import Units
from data_prep.languages.syntax.word_order import WordOrder


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


def bags_under(sentence: Sentence, word_order: WordOrder) -> Iterator[ObservedBag]:
    """Yield the bags of a tree in the labels of a word order's models, back-offs included, with the order observed."""
    units = prepare(sentence, word_order)
    tags = units.tree.tags
    for unit, dependents in enumerate(units.below):
        node = word_order.classes.get(tags[unit])
        if dependents and node is not None:
            bag = bag_of(units, unit, node)
            if bag.slots:
                place = sum(i < unit for i in bag.dependents)
                yield ObservedBag(tags[unit], bag.head, tuple(bag.slots), place)


Orders = dict[tuple[str, ...], Counter[tuple[int, ...]]]
"""For every canonical bag, how often each order of its slots was seen."""


def count_orders(bags: Iterable[ObservedBag], widest: int) -> Orders:
    """Count the orders of all bags of at most ``widest`` slots."""
    orders: Orders = {}
    for _, head, slots, place in bags:
        if len(slots) < widest:
            symbols, which = canonical(head, slots)
            slot_of = {dependent: slot for slot, dependent in enumerate(which)}
            order = [slot_of[i] for i in range(len(slots))]
            order.insert(place, 0)
            orders.setdefault(symbols, Counter())[tuple(order)] += 1
    return orders
