"""Sentences in another language's word order: a permutation of the words of a tree.

Where this differs from the published tool of Wang and Eisner (2016), which
:mod:`data_prep.languages.syntax.published_tool` is:
every sentence is kept, crossing arcs and wide nodes included; version 2 trees get the labels that version 1
models know, and labels that they lack are backed off; names and fixed expressions stay whole; punctuation is put back
where it belongs instead of being a slot; a sentence's order depends on nothing but its tree, its line and the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from data_prep.languages.syntax.bag_orders import canonical
from data_prep.languages.syntax.conllu import Sentence
from data_prep.languages.syntax.conversion import to_version_1, working_tree
from data_prep.languages.syntax.punctuation import Spans, with_marks
from data_prep.languages.syntax.units import Units
from data_prep.languages.syntax.word_order import NodeOrders, WordOrder
from data_prep.randomness import generator
from fairseq_alignmlm.errors import InputError

TOO_WIDE = "node with too many dependents kept its order"


class Bag(NamedTuple):
    """What is permuted at a node.

    Attributes:
        head: symbol of the head.
        slots: symbols of the dependents in surface order.
        dependents: their units, likewise.
        particles: units that stay right after the head.
    """

    head: str
    slots: list[str]
    dependents: list[int]
    particles: list[int]


def prepare(sentence: Sentence, word_order: WordOrder) -> Units:
    """Return the units of a tree, in the labels that ``word_order`` knows.

    Raises:
        InputError: the tree has labels of Universal Dependencies 1, the models those of 2.
    """
    if word_order.scheme == 1:
        return Units(to_version_1(sentence, word_order.known))
    tree = working_tree(sentence)
    for label in ("dobj", "nsubjpass", "auxpass"):
        if label in tree.labels:
            what = f"label {label} of Universal Dependencies 1, but the ordering models know those of 2"
            line = sentence.row_lines[tree.labels.index(label)]
            raise InputError.at(sentence.path, line, what, "take models of version 1")
    return Units(tree)


def bag_of(units: Units, unit: int, node: NodeOrders) -> Bag:
    """Return the bag of a unit of a modelled class."""
    tags, labels = units.tree.tags, units.tree.labels
    slots: list[str] = []
    dependents: list[int] = []
    particles: list[int] = []
    for dependent in units.below[unit]:
        symbol = node.symbol(tags[dependent], labels[dependent])
        if symbol is None:
            particles.append(dependent)
        else:
            slots.append(symbol)
            dependents.append(dependent)
    return Bag(node.heads[tags[unit]], slots, dependents, particles)


def _drawn(
    bag: Bag, unit: int, node: NodeOrders, uniform: Callable[[], float], report: Callable[[str], None]
) -> list[int]:
    """Return the units of a bag in an order drawn at random, the head's own included."""
    symbols, which = canonical(bag.head, bag.slots)
    order = node.orders.draw(symbols, uniform)
    if order is None:
        report(TOO_WIDE)
        result = sorted([*bag.dependents, unit])
    else:
        dependents = bag.dependents
        result = [dependents[which[slot]] if slot else unit for slot in order]
    if bag.particles:
        place = result.index(unit) + 1
        result[place:place] = bag.particles
    return result


def reordered_units(
    units: Units, word_order: WordOrder, uniform: Callable[[], float], report: Callable[[str], None]
) -> Spans:
    """Return the words, without marks set apart, in their new order, and where every subtree stands in it."""
    size = len(units.top)
    tags, below, members, classes = units.tree.tags, units.below, units.members, word_order.classes
    order: list[int] = []
    start, end, head = [0] * size, [0] * size, [0] * size
    stack = [units.root] if units.root >= 0 else []
    while stack:
        item = stack.pop()
        if item >= size:  # the words of a unit
            unit = item - size
            head[unit] = len(order)
            order.extend(members.get(unit, (unit,)))
        elif item < 0:  # the end of a subtree
            end[~item] = len(order)
        else:
            start[item] = len(order)
            if not below[item]:
                head[item] = len(order)
                order.extend(members.get(item, (item,)))
                end[item] = len(order)
                continue
            node = classes.get(tags[item])
            bag = bag_of(units, item, node) if node is not None else None
            if node is None or bag is None or not bag.slots:
                sequence = sorted([*below[item], item])
            else:
                sequence = _drawn(bag, item, node, uniform, report)
            stack.append(~item)
            stack.extend(unit if unit != item else unit + size for unit in reversed(sequence))
    return Spans(order, start, end, head)


def reorder(
    sentence: Sentence,
    word_order: WordOrder,
    seed: int,
    line: int,
    report: Callable[[str], None] = lambda reason: None,
) -> Sequence[int]:
    """Return the indices of the words of a tree in their new order.

    A pure function of the tree, the seed and the line: the shard a sentence is in does not matter.

    Args:
        sentence: the tree.
        word_order: the order to draw from.
        seed: the seed of the command.
        line: number of the sentence in its corpus.
        report: called with a reason for every node that keeps its order though its class is modelled.
    """
    units = prepare(sentence, word_order)
    words = " ".join(units.tree.forms)
    uniform = generator(seed, f"syn\0{words}", line).random
    return with_marks(units, reordered_units(units, word_order, uniform, report))
