"""Word-order statistics of trees, as they stand or reordered: which side of its head a dependent is on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from data_prep.languages.syntax.conllu import LABEL, UPOS, Sentence

NOMINAL = frozenset({"NOUN", "PROPN"})


class Statistic(NamedTuple):
    """One question about word order.

    Attributes:
        name: what is counted, for people.
        counted: whether a dependent with (its UPOS, label, UPOS of its head) counts.
        after: True if the dependents after their head are counted, False for those before it.
    """

    name: str
    counted: Callable[[str, str, str], bool]
    after: bool


def _label(label: str) -> str:
    return label.partition(":")[0]


STATISTICS = (
    Statistic(
        "adjective after noun",
        lambda tag, label, head: label == "amod" and tag == "ADJ" and head == "NOUN",
        True,
    ),
    Statistic(
        "nominal object before verb",
        lambda tag, label, head: _label(label) in ("obj", "dobj") and tag in NOMINAL and head == "VERB",
        False,
    ),
    Statistic(
        "oblique before verb",
        lambda tag, label, head: (
            (_label(label) == "obl" or label in ("nmod", "nmod:tmod", "nmod:npmod"))
            and tag in NOMINAL
            and head == "VERB"
        ),
        False,
    ),
    Statistic(
        "nominal subject before verb",
        lambda tag, label, head: (
            (_label(label) == "nsubj" or label == "nsubjpass") and tag in NOMINAL and head == "VERB"
        ),
        False,
    ),
)


class OrderCounts:
    """Counts behind :data:`STATISTICS`; sentences are added one by one."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.cases: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()

    def add(self, sentence: Sentence, order: Sequence[int] | None = None) -> None:
        """Count a tree whose words stand in ``order`` (indices), or as they are."""
        rows = sentence.rows
        place = list(range(len(rows)))
        if order is not None:
            for position, word in enumerate(order):
                place[word] = position
        for index, head in enumerate(sentence.heads):
            if head < 0:
                continue
            tag, label, head_tag = rows[index][UPOS], rows[index][LABEL], rows[head][UPOS]
            for name, counted, after in STATISTICS:
                if counted(tag, label, head_tag):
                    self.cases[name] += 1
                    self.hits[name] += (place[index] > place[head]) == after

    def percent(self, name: str) -> float:
        """Return the share of a statistic in percent, NaN if nothing was counted."""
        return 100.0 * self.hits[name] / self.cases[name] if self.cases[name] else float("nan")

    def percents(self) -> dict[str, float]:
        """Return all shares, in the order of :data:`STATISTICS`."""
        return {statistic.name: self.percent(statistic.name) for statistic in STATISTICS}


def table(columns: Mapping[str, OrderCounts]) -> str:
    """Return the shares of several texts side by side, in percent, as a table for people."""
    width = max(12, *(len(name) + 2 for name in columns))
    lines = [f"{'% of cases':30}" + "".join(f"{name:>{width}}" for name in columns)]
    for statistic in STATISTICS:
        cells = "".join(f"{counts.percent(statistic.name):>{width}.1f}" for counts in columns.values())
        lines.append(f"{statistic.name:30}{cells}")
    return "\n".join(lines)
