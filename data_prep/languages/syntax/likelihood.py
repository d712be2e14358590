"""How probable the orders of a tree bank are under ordering models."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from data_prep.languages.syntax.bag_orders import WIDEST_ENUMERATED
from data_prep.languages.syntax.conllu import Sentence
from data_prep.languages.syntax.observed_bags import bags_under
from data_prep.languages.syntax.symbols import NOUN_CLASS
from data_prep.languages.syntax.word_order import WordOrder


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


def likelihood(trees: Iterable[Sentence], word_order: WordOrder) -> dict[str, Any]:
    """Measure the orders of all nodes of up to 8 slots; punctuation and the inside of names do not count.

    Returns:
        Means by class (see :meth:`NodeSums.means`), and how many nodes were too wide.
    """
    sums = {"noun": NodeSums(), "verb": NodeSums(), "both": NodeSums()}
    too_wide = 0
    for tree in trees:
        for bag in bags_under(tree, word_order):
            if bag.size > WIDEST_ENUMERATED:
                too_wide += 1
                continue
            log_p, is_best = word_order.classes[bag.tag].orders.assess(bag.head, bag.slots, bag.head_place)
            for name in ("noun" if bag.tag in NOUN_CLASS else "verb", "both"):
                sums[name].add(log_p, bag.size, is_best)
    return {name: values.means() for name, values in sums.items()} | {"too wide": too_wide}
