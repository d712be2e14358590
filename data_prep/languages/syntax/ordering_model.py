"""Ordering models: weights of word-order features, and their text form ``.orm``.

A line of an ``.orm`` file is ``feature weight``. Features count adjacent pairs (``BI``), pairs in order
(``PRE``), pairs both left (``BFR``), both right (``AFT``) or on either side (``BTW``) of the head, and n-grams of
3 to 5 slots (``HI``): the model of Galactic Dependencies (Wang and Eisner 2016, section 5).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.languages.syntax.symbols import BOS, EOS, views
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path

KINDS = ("BI", "PRE", "BFR", "AFT", "BTW")
LONGEST_GRAM = 5


class PairWeights(NamedTuple):
    """Weights of a pair ``a b`` of slots, all views added."""

    adjacent: float
    in_order: float
    both_left: float
    both_right: float
    either_side: float


class OrderingModel:
    """Weights of the features of one class of nodes; an absent feature weighs 0."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """Index the weights."""
        self.weights = dict(weights)
        self.grams: dict[str, Any] = {}
        labels: set[str] = set()
        pairs: set[str] = set()
        for feature, weight in self.weights.items():
            kind, *symbols = feature.split("_")
            if kind == "HI":
                node = self.grams
                for symbol in symbols:
                    node = node.setdefault(symbol, {})
                node[""] = weight
            for symbol in symbols:
                (pairs if "&" in symbol else labels).add(symbol)
        self.labels = frozenset(labels)
        """UPOS and labels that some feature mentions."""
        self.pairs = frozenset(pairs)
        """Slots ``UPOS&label`` that some feature mentions."""
        self._pair_weights: dict[tuple[str, str], PairWeights] = {}

    @property
    def scheme(self) -> int:
        """The version of Universal Dependencies, 1 or 2, whose labels the model knows."""
        return 1 if self.labels & {"dobj", "nsubjpass", "auxpass", "mwe"} else 2

    def pair_weights(self, first: str, second: str) -> PairWeights:
        """Return the weights of ``first`` followed by ``second`` (slots, BOS or EOS)."""
        key = (first, second)
        found = self._pair_weights.get(key)
        if found is None:
            get = self.weights.get
            names = [f"_{a}_{b}" for a, b in zip(views(first), views(second), strict=True)]
            found = PairWeights(*(sum(get(kind + name, 0.0) for name in names) for kind in KINDS))
            if len(self._pair_weights) >= 200_000:
                self._pair_weights.clear()
            self._pair_weights[key] = found
        return found

    def score(self, order: Sequence[str]) -> float:
        """Return theta . f of slots in an order, by the definition; slow, exact, for any number of slots."""
        head = next(i for i, symbol in enumerate(order) if symbol.startswith("@"))
        padded = [BOS, *order, EOS]
        total = sum(self.pair_weights(a, b).adjacent for a, b in pairwise(padded))
        for j, second in enumerate(order):
            for i, first in enumerate(order[:j]):
                weights = self.pair_weights(first, second)
                total += weights.in_order
                if j < head:
                    total += weights.both_left
                elif i > head:
                    total += weights.both_right
                elif i < head < j:
                    total += weights.either_side
        longest = min(len(order), LONGEST_GRAM)
        padded = [BOS] * (longest - 1) + list(order) + [EOS] * (longest - 1)
        for length in range(3, longest + 1):
            for start in range(len(padded) - length + 1):
                total += self.weights.get("_".join(["HI", *padded[start : start + length]]), 0.0)
        return total

    def gram_weights(self, slots: Sequence[str]) -> list[tuple[tuple[int, ...], float]]:
        """Return the n-grams that orders of ``slots`` can contain and their weights.

        Grams are tuples of slot indices, ``len(slots)`` for BOS and ``len(slots) + 1`` for EOS. Empty for bags of
        less than three slots, which have no such features.
        """
        size = len(slots)
        longest = min(size, LONGEST_GRAM)
        bos, eos = size, size + 1
        found: list[tuple[tuple[int, ...], float]] = []

        def extend(node: dict[str, Any], gram: tuple[int, ...]) -> None:
            if len(gram) >= 3 and "" in node:
                times = 1 if any(index < size for index in gram) else longest - len(gram)  # within the padding
                found.append((gram, times * node[""]))
            if len(gram) == longest:
                return
            last = gram[-1] if gram else bos
            room = gram.count(last) < longest - 1  # the padding on either side is one shorter than the longest gram
            if last == bos and room and BOS in node:
                extend(node[BOS], (*gram, bos))
            if (last != bos or not gram) and (last != eos or room) and EOS in node:
                extend(node[EOS], (*gram, eos))
            if last != eos:
                for index, symbol in enumerate(slots):
                    if index not in gram and symbol in node:
                        extend(node[symbol], (*gram, index))

        if size >= 3 and self.grams:
            extend(self.grams, ())
        return found


def mix(superstrate: OrderingModel, substrate: OrderingModel, share: float = 0.05) -> OrderingModel:
    """Return ``(1 - share)`` superstrate + ``share`` substrate, feature by feature."""
    weights = {feature: (1 - share) * weight for feature, weight in superstrate.weights.items()}
    for feature, weight in substrate.weights.items():
        weights[feature] = weights.get(feature, 0.0) + share * weight
    return OrderingModel(weights)


def read_model(path: str | Path) -> OrderingModel:
    """Read an ``.orm`` file.

    Raises:
        InputError: the file is missing, empty, not UTF-8, or a line is not ``feature weight``.
    """
    weights: dict[str, float] = {}
    number = 0
    try:
        with open(path, encoding="utf-8") as handle:
            for number, line in enumerate(handle, 1):
                feature, _, value = line.rstrip("\n").partition(" ")
                try:
                    weights[feature] = weight = float(value)
                except ValueError:
                    weight = math.nan
                kind, *symbols = feature.split("_")
                if not math.isfinite(weight):
                    raise InputError.at(path, number, f"no finite number after {feature!r}", "write `feature weight`")
                if (len(symbols) != 2 or kind not in KINDS) and (not 3 <= len(symbols) <= 5 or kind != "HI"):
                    raise InputError.at(path, number, f"unknown feature {feature!r}", f"use {', '.join(KINDS)}, HI")
    except FileNotFoundError:
        raise InputError.at(path, None, "no such ordering model", "give an .orm file") from None
    except UnicodeDecodeError:
        raise InputError.at(path, number + 1, "not UTF-8", "give an .orm file") from None
    if not weights:
        raise InputError.at(path, None, "an empty ordering model", "train it again")
    return OrderingModel(weights)


def write_model(path: str | Path, weights: Iterable[tuple[str, float]]) -> None:
    """Write an ``.orm`` file, atomically; weights are written so that they are read back exactly."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        for feature, weight in weights:
            handle.write(f"{feature} {weight!r}\n")
