"""Sentences in another language's word order: a permutation of the words of a tree.

Where this differs from the published tool of Wang and Eisner (2016), which
:mod:`data_prep.languages.syntax.published_tool` is: every sentence is kept, crossing arcs and wide nodes included;
version 2 trees get the labels that version 1 models know, and labels that they lack are backed off; names and fixed
expressions stay whole; punctuation marks take part in the draw as slots, which the models were trained with, and are
then put back where they belong; a sentence's order depends on nothing but its tree, its line and the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from data_prep.languages.sentence_spans import FINAL_MARKS, sentence_spans
from data_prep.languages.syntax.conllu import Sentence
from data_prep.languages.syntax.conversion import WorkingTree, to_version_1, working_tree
from data_prep.languages.syntax.punctuation import with_marks
from data_prep.languages.syntax.units import Units
from data_prep.languages.syntax.word_order import NodeOrders, WordOrder
from data_prep.randomness import uniform_numbers
from fairseq_alignmlm.errors import InputError

TOO_WIDE = "node with too many dependents kept its order"
WIDEST_WITH_MARKS = 8
"""Marks are slots of a node up to this number of slots; of more marks the last ones are."""


class Bag(NamedTuple):
    """What is permuted at a node.

    Attributes:
        symbols: of the head, of the dependents in surface order, and of the marks.
        dependents: the units of the dependents.
        marks: how many of the symbols, the last ones, are of punctuation marks.
        particles: units that stay right after the head.
    """

    symbols: tuple[str, ...]
    dependents: list[int]
    marks: int
    particles: list[int]


def prepare(sentence: Sentence, word_order: WordOrder) -> WorkingTree:
    """Return a tree in the labels that ``word_order`` knows.

    Raises:
        InputError: the tree has labels of Universal Dependencies 1, the models those of 2.
    """
    if word_order.version == 1:
        return to_version_1(sentence, word_order.known, word_order.language)
    tree = working_tree(sentence)
    for label in ("dobj", "nsubjpass", "auxpass"):
        if label in tree.labels:
            what = f"label {label} of Universal Dependencies 1, but the ordering models know those of 2"
            line = sentence.row_lines[tree.labels.index(label)]
            raise InputError.at(sentence.path, line, what, "take models of version 1")
    return tree


def bag_of(units: Units, unit: int, node: NodeOrders) -> Bag:
    """Return the bag of a unit of a modelled class."""
    tags, labels, slots = units.tree.tags, units.tree.labels, node.slots
    dependents = units.below[unit]
    symbols = [slots[tags[i], labels[i]] for i in dependents]
    particles: list[int] = []
    if None in symbols:
        particles = [i for i, symbol in zip(dependents, symbols, strict=True) if symbol is None]
        dependents = [i for i, symbol in zip(dependents, symbols, strict=True) if symbol is not None]
    kept = [node.heads[tags[unit]], *(filter(None, symbols) if particles else symbols)]
    marks = 0
    if node.has_marks and unit in units.owners and (room := WIDEST_WITH_MARKS - len(kept)) > 0:
        own = [mark for mark, owner in zip(units.marks, units.owners, strict=True) if owner == unit]
        kept += [slots[tags[i], labels[i]] or labels[i] for i in own[-room:]]
        marks = len(own[-room:])
    return Bag(tuple(kept), dependents, marks, particles)


def drawn(
    bag: Bag, unit: int, node: NodeOrders, uniform: Callable[[], float], report: Callable[[str], None]
) -> list[int]:
    """Return the units of a bag in an order drawn at random, the head's own included."""
    order = node.orders.draw(bag.symbols, uniform)
    if order is None:
        report(TOO_WIDE)
        result = sorted([*bag.dependents, unit])
    else:
        names = [unit, *bag.dependents]
        if bag.marks:
            size = len(names)
            result = [names[slot] for slot in order if slot < size]
        else:
            result = [names[slot] for slot in order]
    if bag.particles:
        place = result.index(unit) + 1
        result[place:place] = bag.particles
    return result


def reordered_words(
    units: Units, word_order: WordOrder, uniform: Callable[[], float], report: Callable[[str], None]
) -> list[int]:
    """Return the words, without marks set apart, in their new order; every subtree is in one piece."""
    if units.root < 0:
        return []
    tags, below, members, classes = units.tree.tags, units.below, units.members, word_order.classes
    order: list[int] = []
    stack = [units.root]
    while stack:
        item = stack.pop()
        if item < 0 or not below[item]:  # the words of a unit
            unit = ~item if item < 0 else item
            if unit in members:
                order += members[unit]
            else:
                order.append(unit)
            continue
        node = classes.get(tags[item])
        bag = bag_of(units, item, node) if node is not None else None
        if node is None or bag is None or not bag.dependents:
            sequence = sorted([*below[item], item])
        else:
            sequence = drawn(bag, item, node, uniform, report)
        sequence.reverse()
        sequence[sequence.index(item)] = ~item
        stack += sequence
    return order


def reorder(
    sentence: Sentence,
    word_order: WordOrder,
    seed: int,
    line: int,
    report: Callable[[str], None] = lambda reason: None,
) -> Sequence[int]:
    """Return the indices of the words of a tree in their new order.

    A pure function of the tree, the seed and the line: the shard a sentence is in does not matter. Where a tree goes
    over several sentences, which end in ``.``, ``!`` or ``?``, no word leaves its own.

    Args:
        sentence: the tree.
        word_order: the order to draw from.
        seed: the seed of the command.
        line: number of the sentence in its corpus.
        report: called with a reason for every node that keeps its order though its class is modelled.
    """
    tree = prepare(sentence, word_order)
    uniform = uniform_numbers(seed, "syn\0" + " ".join(tree.forms), line)
    if FINAL_MARKS.isdisjoint(tree.forms[:-1]):
        units = Units(tree)
        return with_marks(units, reordered_words(units, word_order, uniform, report))
    order: list[int] = []
    for start, part in split_at_ends(tree):
        units = Units(part)
        order += [start + i for i in with_marks(units, reordered_words(units, word_order, uniform, report))]
    return order


def split_at_ends(tree: WorkingTree) -> Iterator[tuple[int, WorkingTree]]:
    """Yield a tree in parts, one for every sentence it goes over, and where they start.

    A part's root is the first word whose head is in another part, or which is the root; the others of these depend on
    it. Marks after the last end belong to the sentence before it.
    """
    stops = [stop for _, _, stop in sentence_spans(tree.forms)]
    if len(stops) > 1 and all(tag == "PUNCT" for tag in tree.tags[stops[-2] :]):
        stops[-2:] = stops[-1:]
    start = 0
    for stop in stops:
        heads = [head - start if start <= head < stop else -1 for head in tree.heads[start:stop]]
        tops = [i for i, head in enumerate(heads) if head < 0]
        root = next((i for i in tops if tree.tags[start + i] != "PUNCT"), tops[0])
        for top in tops:
            if top != root:
                heads[top] = root
        part = slice(start, stop)
        yield start, WorkingTree(tree.forms[part], tree.tags[part], heads, tree.labels[part])
        start = stop
