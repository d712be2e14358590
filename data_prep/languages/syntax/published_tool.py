"""The Galactic Dependencies tool as published, fault for fault: only to show that the model is the same.

One random stream for the file, orders enumerated by adjacent transpositions, punctuation among the slots, no
conversion of labels, sentences with crossing arcs or more than six dependents of one word left out.
Everything else in this package is the default mode, :mod:`data_prep.languages.syntax.reordering`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_prep.languages.syntax.conllu import (
    FORM,
    HEAD,
    ID,
    LABEL,
    UPOS,
    Sentence,
    dependents,
    has_crossing_arcs,
)
from data_prep.languages.syntax.enumeration import log_sum, order_tree, score_all
from data_prep.languages.syntax.ordering_model import (
    NOUN_CLASS,
    VERB_CLASS,
    OrderingModel,
    head_symbol,
    slot_symbol,
)

MOST_DEPENDENTS = 6
_STATE_BITS = (1 << 48) - 1


class JavaRandom:
    """A 48-bit linear congruential generator."""

    def __init__(self, seed: int) -> None:
        """Start from ``seed``."""
        self._state = (seed ^ 0x5DEECE66D) & _STATE_BITS

    def _bits(self, count: int) -> int:
        self._state = (self._state * 0x5DEECE66D + 11) & _STATE_BITS
        return self._state >> (48 - count)

    def next_double(self) -> float:
        """Return the next number in [0, 1)."""
        high = self._bits(26)
        return ((high << 27) + self._bits(27)) / (1 << 53)


@cache
def adjacent_transpositions(size: int) -> list[tuple[int, ...]]:
    """Return all orders of ``range(size)`` in the order of Steinhaus, Johnson and Trotter."""
    if size == 0:
        return [()]
    orders: list[tuple[int, ...]] = []
    for number, shorter in enumerate(adjacent_transpositions(size - 1)):
        places = range(size) if number % 2 else range(size - 1, -1, -1)
        orders.extend((*shorter[:place], size - 1, *shorter[place:]) for place in places)
    return orders


@cache
def _lexicographic_ranks(size: int, head: int) -> NDArray[np.int64]:
    """Return where ``order_tree`` has each of the above orders, its slots being the same with the head put first."""
    to_bag = [head, *(i for i in range(size) if i != head)]
    from_bag = {slot: index for index, slot in enumerate(to_bag)}
    rank = {tuple(map(int, order)): number for number, order in enumerate(order_tree((1,) * size).orders)}
    return np.array([rank[tuple(from_bag[i] for i in order)] for order in adjacent_transpositions(size)])


def bag_of_slots(sentence: Sentence, node: int, below: list[list[int]]) -> list[tuple[int, str]]:
    """Return the word index and symbol of every slot of a node, in surface order."""
    slots = [(i, slot_symbol(sentence.columns[UPOS][i], sentence.columns[LABEL][i])) for i in below[node]]
    return sorted([*slots, (node, head_symbol(sentence.columns[UPOS][node]))])


def model_for(upos: str, noun: OrderingModel, verb: OrderingModel) -> OrderingModel | None:
    """Return the model of a UPOS, None where words keep their order."""
    return noun if upos in NOUN_CLASS else verb if upos in VERB_CLASS else None


class PublishedTool:
    """The tool with its one random stream; sentences have to be given in the order of the file."""

    def __init__(self, noun: OrderingModel, verb: OrderingModel, seed: int = 0) -> None:
        """Take (mixed) models of noun and verb nodes."""
        self._noun = noun
        self._verb = verb
        self._random = JavaRandom(seed)

    def _permute(self, model: OrderingModel, slots: list[tuple[int, str]]) -> list[int]:
        head = next(place for place, (_, symbol) in enumerate(slots) if symbol[0] == "@")
        bag = [slots[head][1], *(symbol for place, (_, symbol) in enumerate(slots) if place != head)]
        scores = score_all(model, bag)[_lexicographic_ranks(len(bag), head)]
        weights = np.exp(scores - max(0.0, float(scores.max())))
        target = self._random.next_double() * float(weights.sum())
        chosen = int(np.searchsorted(np.cumsum(weights), target, side="right"))
        return [slots[place][0] for place in adjacent_transpositions(len(slots))[min(chosen, len(weights) - 1)]]

    def order(self, sentence: Sentence) -> list[int] | None:
        """Return the word indices in their new order, None if the tool drops the sentence."""
        below = dependents(sentence.heads)
        if max(map(len, below)) > MOST_DEPENDENTS or has_crossing_arcs(sentence.heads):
            return None

        order: list[int] = []
        stack = [sentence.heads.index(-1)]
        while stack:
            node = stack.pop()
            if node < 0 or not below[node]:
                order.append(~node if node < 0 else node)
                continue
            slots = bag_of_slots(sentence, node, below)
            model = model_for(sentence.columns[UPOS][node], self._noun, self._verb)
            places = self._permute(model, slots) if model else [index for index, _ in slots]
            stack.extend(~index if index == node else index for index in reversed(places))
        return order

    def translate(self, sentences: Iterable[Sentence]) -> Iterator[str | None]:
        """Yield the tool's output for every sentence (text with its final blank line), None for a dropped one."""
        for sentence in sentences:
            order = self.order(sentence)
            yield None if order is None else _published_format(sentence, order)


def _published_format(sentence: Sentence, order: list[int]) -> str:
    file = Path(sentence.path).name
    lines = [f"# {file}:{number}:{comment}" for number, comment in enumerate(sentence.comments, sentence.first_line)]
    lines.append(f"# sentence-tokens-src: {' '.join(sentence.words)}")
    lines.append(f"# sentence-tokens: {' '.join(sentence.columns[FORM][i] for i in order)}")
    new_id = {old: number for number, old in enumerate(order, 1)} | {-1: 0}
    for number, old in enumerate(order, 1):
        row = list(sentence.rows[old])
        row[ID] = str(number)
        row[HEAD] = str(new_id[sentence.heads[old]])
        origin = [f"{file}:{sentence.row_lines[old]}", str(old + 1), row[FORM]]
        lines.append("\t".join(row + origin))
    return "\n".join(lines) + "\n\n"


def argmax_is_true_order(model: OrderingModel, slots: list[tuple[int, str]]) -> tuple[bool, float, float]:
    """Return whether the surface order is a most probable one, its log p, and log 1/n! (natural logarithms)."""
    head = next(place for place, (_, symbol) in enumerate(slots) if symbol[0] == "@")
    scores = score_all(model, [slots[head][1], *(s for place, (_, s) in enumerate(slots) if place != head)])
    true = float(scores[_lexicographic_ranks(len(slots), head)[0]])
    return true >= float(scores.max()) - 1e-9, true - log_sum(scores), -log_sum(np.zeros(len(scores)))
