"""Ordering models from a tree bank: exact conditional likelihood with L2, by L-BFGS.

The probability of a bag's order is normalised over all n! orders (Wang and Eisner 2016, section 5). Unlike the
published trainer, every node counts once (not n! times), weights are regularised, and optimisation runs to convergence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.sparse

from data_prep.languages.syntax.enumeration import HEAD, Floats, Integers, order_tree
from data_prep.languages.syntax.observed_bags import Orders
from data_prep.languages.syntax.ordering_model import BOS, EOS, KINDS, LONGEST_GRAM, views

WIDEST_TRAINED = 6
SMALLEST_WEIGHT = 1e-4
BAGS_AT_ONCE = 1024
WHOLE_VIEWS = (0, 4)
"""The views that show UPOS and label of a slot together."""


@cache
def pair_incidence(size: int) -> Floats:
    """Return which pairs every order contains, (size!, 5 * (size + 1)^2): one table a kind, BOS and EOS as ``size``."""
    orders = order_tree((1,) * size).orders.astype(np.int64)
    side = size + 1
    found = np.zeros((len(orders), len(KINDS), side, side))
    rows = np.arange(len(orders))
    padded = np.pad(orders, ((0, 0), (1, 1)), constant_values=size)
    for place in range(size + 1):
        found[rows, 0, padded[:, place], padded[:, place + 1]] = 1
    head = np.argmax(orders == HEAD, axis=1)
    for second in range(size):
        for first in range(second):
            a, b = orders[:, first], orders[:, second]
            found[rows, 1, a, b] = 1
            kind = np.select([second < head, first > head, (first < head) & (second > head)], [2, 3, 4], default=1)
            found[rows, kind, a, b] = 1
    return found.reshape(len(orders), -1)


@cache
def gram_places(size: int) -> tuple[dict[tuple[int, ...], int], scipy.sparse.csr_matrix]:
    """Return a number for every n-gram of slots (BOS ``size``, EOS ``size + 1``), and which orders contain which."""
    orders = order_tree((1,) * size).orders.astype(np.int64)
    longest = min(size, LONGEST_GRAM)
    numbers: dict[tuple[int, ...], int] = {}
    rows: list[int] = []
    columns: list[int] = []
    for row, order in enumerate(orders.tolist()):
        padded = [size] * (longest - 1) + order + [size + 1] * (longest - 1)
        for length in range(3, longest + 1):
            for start in range(len(padded) - length + 1):
                gram = tuple(padded[start : start + length])
                if any(slot < size for slot in gram):
                    rows.append(row)
                    columns.append(numbers.setdefault(gram, len(numbers)))
    ones = np.ones(len(rows))
    return numbers, scipy.sparse.csr_matrix((ones, (rows, columns)), shape=(len(orders), max(len(numbers), 1)))


class FeatureIndex:
    """Numbers for features, and for pairs of symbols a sparse matrix from features to their weight."""

    def __init__(self, fewest_pairs: int, together: Counter[tuple[str, str]]) -> None:
        """Start empty.

        Args:
            fewest_pairs: how often two slots have to be in one bag for features of the two as wholes.
            together: how often they are, by their symbols in the two views that show them whole.
        """
        self.numbers: dict[str, int] = {}
        self._fewest = fewest_pairs
        self._together = together
        self._pairs: dict[tuple[int, str, str], int] = {}
        self._rows: list[int] = []
        self._columns: list[int] = []

    def number(self, name: str) -> int:
        """Return the number of a feature."""
        return self.numbers.setdefault(name, len(self.numbers))

    def pair(self, kind: int, first: str, second: str) -> int:
        """Return the row of a pair in the matrix."""
        key = (kind, first, second)
        row = self._pairs.get(key)
        if row is None:
            row = self._pairs[key] = len(self._pairs)
            for view, (a, b) in enumerate(zip(views(first), views(second), strict=True)):
                if view not in WHOLE_VIEWS or self._together[a, b] >= self._fewest:
                    self._rows.append(row)
                    self._columns.append(self.number(f"{KINDS[kind]}_{a}_{b}"))
        return row

    def matrix(self) -> scipy.sparse.csr_matrix:
        """Return the matrix (pairs, features) of what adds to the weight of every pair."""
        shape = (len(self._pairs), len(self.numbers))
        return scipy.sparse.csr_matrix((np.ones(len(self._rows)), (self._rows, self._columns)), shape=shape)


def rank_of(order: Sequence[int]) -> int:
    """Return the place of an order among all, lexicographically."""
    rank = 0
    for place, slot in enumerate(order):
        rank = rank * (len(order) - place) + sum(later < slot for later in order[place + 1 :])
    return rank


class Settings(NamedTuple):
    """What a model is trained with.

    Attributes:
        l2: weight of the squared norm of the weights.
        iterations: most iterations of L-BFGS.
        fewest_grams: how often an n-gram has to be seen to be a feature.
        fewest_pairs: how often two slots have to be in one bag for features of the two as wholes.
    """

    l2: float = 5.0
    iterations: int = 200
    fewest_grams: int = 5
    fewest_pairs: int = 2


class _Part(NamedTuple):
    """Bags of one size."""

    size: int
    pairs: Integers
    """(bags, 5 (n + 1)^2): rows of the pair matrix, -1 where orders have no such pair."""
    grams: scipy.sparse.csr_matrix
    """(bags, n-grams of slots): number of the feature + 1."""
    observed: scipy.sparse.csr_matrix
    """(bags, n!): how often each order was seen."""


def _seen_grams(orders: Orders) -> Counter[str]:
    """Count the n-grams of the orders observed."""
    seen: Counter[str] = Counter()
    for bag, counts in orders.items():
        longest = min(len(bag), LONGEST_GRAM)
        for order, times in counts.items():
            symbols = [BOS] * (longest - 1) + [bag[slot] for slot in order] + [EOS] * (longest - 1)
            for length in range(3, longest + 1):
                for start in range(len(symbols) - length + 1):
                    gram = symbols[start : start + length]
                    if any("&" in symbol for symbol in gram):
                        seen["_".join(["HI", *gram])] += times
    return seen


def _pairs_together(orders: Orders) -> Counter[tuple[str, str]]:
    """Count how often two slots, BOS and EOS included, are in one bag, in either order, in the whole views."""
    together: Counter[tuple[str, str]] = Counter()
    for bag, counts in orders.items():
        times = sum(counts.values())
        for first, second in combinations([views(symbol) for symbol in (*bag, BOS, EOS)], 2):
            for view in WHOLE_VIEWS:
                together[first[view], second[view]] += times
                together[second[view], first[view]] += times
    return together


def _part(size: int, bags: list[tuple[str, ...]], orders: Orders, features: FeatureIndex, grams: set[str]) -> _Part:
    side = size + 1
    used = np.flatnonzero(pair_incidence(size).any(axis=0))
    places = [(i // side**2, i // side % side, i % side) for i in used.tolist()]
    numbers, _ = gram_places(size)
    pairs = np.full((len(bags), len(KINDS) * side * side), -1)
    observed = scipy.sparse.lil_matrix((len(bags), len(order_tree((1,) * size).orders)))
    found: list[tuple[int, int, int]] = []
    for row, bag in enumerate(bags):
        first, second, symbols = (*bag, BOS), (*bag, EOS), (*bag, BOS, EOS)
        pairs[row, used] = [features.pair(kind, first[i], second[j]) for kind, i, j in places]
        for gram, column in numbers.items():
            name = "_".join(["HI", *[symbols[slot] for slot in gram]])
            if name in grams:
                found.append((row, column, features.number(name) + 1))
        for order, times in orders[bag].items():
            observed[row, rank_of(order)] += times
    entries = np.array(found, dtype=np.int64).reshape(-1, 3)
    gram_matrix = scipy.sparse.csr_matrix(
        (entries[:, 2], (entries[:, 0], entries[:, 1])), shape=(len(bags), max(len(numbers), 1))
    )
    return _Part(size, pairs, gram_matrix, observed.tocsr())


class Likelihood:
    """The log-likelihood of the orders in a tree bank as a function of the weights."""

    def __init__(self, orders: Orders, settings: Settings) -> None:
        """Find the features of ``orders``."""
        grams = {name for name, times in _seen_grams(orders).items() if times >= settings.fewest_grams}
        features = FeatureIndex(settings.fewest_pairs, _pairs_together(orders))
        by_size: dict[int, list[tuple[str, ...]]] = {}
        for bag in sorted(orders):
            by_size.setdefault(len(bag), []).append(bag)
        self._parts = [_part(size, bags, orders, features, grams) for size, bags in sorted(by_size.items())]
        self._pair_matrix = features.matrix()
        self.names = list(features.numbers)
        """The features, in the order of their weights."""
        self.nodes = float(sum(part.observed.sum() for part in self._parts))
        """How many nodes there are."""

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood of all orders under weights ``theta``, and its gradient."""
        pair_weights = np.append(self._pair_matrix @ theta, 0.0)
        pair_gradient = np.zeros(len(pair_weights))
        gradient = np.zeros(len(theta))
        total = 0.0
        for part in self._parts:
            incidence = pair_incidence(part.size)
            _, gram_orders = gram_places(part.size)
            for start in range(0, len(part.pairs), BAGS_AT_ONCE):
                rows = slice(start, start + BAGS_AT_ONCE)
                pairs, grams, observed = part.pairs[rows], part.grams[rows], part.observed[rows].toarray()
                scores = pair_weights[pairs] @ incidence.T
                numbers = grams.data - 1
                if len(numbers):
                    weighted = scipy.sparse.csr_matrix((theta[numbers], grams.indices, grams.indptr), grams.shape)
                    scores += (weighted @ gram_orders.T).toarray()
                scores -= scores.max(axis=1, keepdims=True)
                weights = np.exp(scores)
                sums = weights.sum(axis=1, keepdims=True)
                times = observed.sum(axis=1, keepdims=True)
                total += float((observed * scores).sum() - (times * np.log(sums)).sum())
                surplus = observed - weights * (times / sums)
                rows_of_pairs = (pairs % len(pair_weights)).ravel()
                pair_gradient += np.bincount(rows_of_pairs, (surplus @ incidence).ravel(), minlength=len(pair_weights))
                if len(numbers):
                    bag_of_entry = np.repeat(np.arange(grams.shape[0]), np.diff(grams.indptr))
                    entries = (surplus @ gram_orders)[bag_of_entry, grams.indices]
                    gradient += np.bincount(numbers, entries, minlength=len(theta))
        return total, gradient + self._pair_matrix.T @ pair_gradient[:-1]


class Trained(NamedTuple):
    """A trained model.

    Attributes:
        weights: feature and weight, sorted; weights next to 0 are left out.
        log_p: mean log-likelihood of a training node.
        iterations: of L-BFGS.
        converged: False if it stopped at the limit of iterations.
    """

    weights: list[tuple[str, float]]
    log_p: float
    iterations: int
    converged: bool


def train(orders: Orders, settings: Settings, report: Callable[[int, float], None] = lambda *_: None) -> Trained:
    """Fit the weights of one class of nodes.

    Args:
        orders: bags of 2 to 6 slots and the orders they were seen in.
        settings: see :class:`Settings`.
        report: called after every iteration with its number and the mean log-likelihood of a node.
    """
    likelihood = Likelihood(orders, settings)
    last: list[float] = [0.0]
    done = 0

    def objective(theta: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(theta)
        last[0] = value
        return (
            0.5 * settings.l2 * float(theta @ theta) - value,
            settings.l2 * theta - gradient,
        )

    def callback(_: Floats) -> None:
        nonlocal done
        done += 1
        report(done, last[0] / likelihood.nodes)

    found = scipy.optimize.minimize(
        objective,
        np.zeros(len(likelihood.names)),
        jac=True,
        method="L-BFGS-B",
        callback=callback,
        options={"maxiter": settings.iterations, "ftol": 1e-7, "gtol": 1e-3, "maxcor": 20},
    )
    weights = sorted(
        (name, float(weight))
        for name, weight in zip(likelihood.names, found.x, strict=True)
        if abs(weight) >= SMALLEST_WEIGHT
    )
    value, _ = likelihood(found.x)
    return Trained(weights, value / likelihood.nodes, int(found.nit), bool(found.success))
