"""Ordering models: weights of word-order features, and their text form ``.orm``.

A line of an ``.orm`` file is ``feature weight``. Features count adjacent pairs (``BI``), pairs in order
(``PRE``), pairs both left (``BFR``), both right (``AFT``) or on either side (``BTW``) of the head, and n-grams of
3 to 5 slots (``HI``): the model of Galactic Dependencies (Wang and Eisner 2016, section 5).

A slot is ``UPOS&label``, the head itself ``@UPOS&@``. The published models look at it as a whole (pair), as its
UPOS, and as its label (arc). Models trained here look also at the label without subtype, written ``nmod:*`` and
``NOUN&nmod:*`` so that it is told apart from the label of that name; published models have no such
features, and the two views then add nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path

KINDS = ("BI", "PRE", "BFR", "AFT", "BTW")
LONGEST_GRAM = 5
BOS, EOS = "BOS", "EOS"
NOUN_CLASS = frozenset({"NOUN", "PROPN", "PRON"})
VERB_CLASS = frozenset({"VERB"})
PAIRS_REMEMBERED = 200_000
_VERSION_1_ONLY = frozenset({"dobj", "nsubjpass", "csubjpass", "auxpass", "mwe", "name", "neg", "remnant", "CONJ"})
_VERSION_2_ONLY = frozenset({"obj", "obl", "nsubj:pass", "csubj:pass", "aux:pass", "flat", "fixed", "orphan", "CCONJ"})


def slot_symbol(upos: str, label: str) -> str:
    """Return the symbol of a dependent."""
    return f"{upos}&{label}"


def head_symbol(upos: str) -> str:
    """Return the symbol of the head of a bag."""
    return f"@{upos}&@"


@lru_cache(maxsize=65536)
def views(symbol: str) -> tuple[str, str, str, str, str]:
    """Return pair, UPOS, arc, arc without subtype and pair without subtype of a symbol."""
    if symbol in (BOS, EOS):
        return (symbol, symbol, symbol, f"{symbol}:*", f"&{symbol}:*")
    upos, _, label = symbol.partition("&")
    base = label.partition(":")[0]
    return (symbol, upos, label, f"{base}:*", f"{upos}&{base}:*")


def version_of(names: Iterable[str]) -> int | None:
    """Return the version of Universal Dependencies that most of some labels and UPOS are from.

    Labels that both versions have do not count; None where there are no others.
    """
    known = frozenset(names)
    old, new = len(known & _VERSION_1_ONLY), len(known & _VERSION_2_ONLY)
    return None if not old and not new else 1 if old >= new else 2


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
        labels: set[str] = set()
        for feature in self.weights:
            labels.update(symbol for symbol in feature.split("_")[1:] if "&" not in symbol)
        self.labels = frozenset(labels)
        """UPOS and labels that some feature mentions."""
        self._pair_weights: dict[tuple[str, str], PairWeights] = {}

    @property
    def version(self) -> int | None:
        """The version of Universal Dependencies, 1 or 2, whose labels the model knows; None if it cannot be told."""
        return version_of(self.labels)

    def pair_weights(self, first: str, second: str) -> PairWeights:
        """Return the weights of ``first`` followed by ``second`` (slots, BOS or EOS)."""
        key = (first, second)
        found = self._pair_weights.get(key)
        if found is None:
            get = self.weights.get
            names = [f"_{a}_{b}" for a, b in zip(views(first), views(second), strict=True)]
            found = PairWeights(*(sum(get(kind + name, 0.0) for name in names) for kind in KINDS))
            if len(self._pair_weights) >= PAIRS_REMEMBERED:
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

    @cached_property
    def grams(self) -> GramTree:
        """The n-grams that can occur."""
        return GramTree({name[3:]: weight for name, weight in self.weights.items() if name.startswith("HI_")})


class GramTree:
    """n-grams as a tree of their prefixes: a node is a number, 0 the root."""

    def __init__(self, grams: Mapping[str, float]) -> None:
        """Index n-grams, given as ``a_b_c``; those that no order can contain are left out."""
        self.symbols: dict[str, int] = {BOS: 0, EOS: 1}
        """Numbers of all symbols."""
        children: dict[tuple[int, int], int] = {}
        weights = [0.0]
        for gram, weight in grams.items():
            names = gram.split("_")
            slots = [name for name in names if name not in (BOS, EOS)]
            if names != [BOS] * names.count(BOS) + slots + [EOS] * names.count(EOS):
                continue
            node = 0
            for name in names:
                edge = (node, self.symbols.setdefault(name, len(self.symbols)))
                node = children.setdefault(edge, len(weights))
                if node == len(weights):
                    weights.append(0.0)
            weights[node] = weight
        self.weights = np.array(weights)
        """(nodes,): weight of the n-gram that ends at a node, 0 where none does."""
        edges = np.array(sorted((a * len(self.symbols) + b, child) for (a, b), child in children.items()), np.int64)
        self._edges, self._children = edges.reshape(-1, 2).T.copy()

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return len(self.weights) > 1

    def numbers(self, symbols: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of symbols, -1 for those in no n-gram."""
        return np.array([self.symbols.get(symbol, -1) for symbol in symbols])

    def below(self, nodes: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the child of every node (N,) for every symbol (S,), as (N, S); 0 where there is none."""
        edges = nodes[:, None] * len(self.symbols) + numbers
        found = np.minimum(self._edges.searchsorted(edges), len(self._edges) - 1)
        return np.where((self._edges[found] == edges) & (numbers >= 0), self._children[found], 0)


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
