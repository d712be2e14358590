"""All orders of a bag, in one sweep, against scores by the definition; wide nodes against enumeration."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.languages.syntax.bag_orders import WIDEST_SUMMED, BagOrders, rank_of
from data_prep.languages.syntax.enumeration import order_tree, score_all
from data_prep.languages.syntax.ordering_model import KINDS, OrderingModel
from data_prep.languages.syntax.symbols import BOS, EOS, views
from data_prep.languages.syntax.wide_nodes import WideNode

DEPENDENTS = ["DET&det", "ADJ&amod", "NOUN&nmod", "NOUN&nmod:poss", "PUNCT&punct"]
HEAD = "@NOUN&@"


def random_model(seed: int) -> OrderingModel:
    """Give a weight to every pair feature and to many n-grams over a few symbols."""
    numbers = random.Random(seed)
    weights = {}
    symbols = [BOS, EOS, HEAD, *DEPENDENTS]
    for kind in KINDS:
        for first in symbols:
            for second in symbols:
                for a, b in zip(views(first), views(second), strict=True):
                    weights[f"{kind}_{a}_{b}"] = numbers.gauss(0, 0.4)
    for _ in range(3000):
        gram = [numbers.choice(symbols) for _ in range(numbers.randint(3, 5))]
        weights["_".join(["HI", *gram])] = numbers.gauss(0, 1.0)
    weights["HI_EOS_EOS_EOS"] = weights["HI_BOS_BOS_BOS"] = 0.7
    for symbol in symbols[2:]:
        weights[f"HI_BOS_BOS_{symbol}"] = weights[f"HI_{symbol}_EOS_EOS"] = numbers.gauss(0, 1)
    return OrderingModel(weights)


MODEL = random_model(1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(DEPENDENTS), max_size=7), st.integers(0, 10**6))
def test_scores_of_all_orders_are_those_of_the_definition(dependents, seed):
    slots = [HEAD, *dependents]
    scores = score_all(MODEL, slots)
    orders = order_tree(len(slots)).orders
    numbers = random.Random(seed)
    for index in {0, len(orders) - 1, *(numbers.randrange(len(orders)) for _ in range(20))}:
        assert scores[index] == pytest.approx(MODEL.score([slots[i] for i in orders[index]]), abs=1e-9)
        assert rank_of(orders[index].tolist()) == index


@pytest.mark.parametrize("size", range(1, 6))
def test_every_order_is_there_once(size):
    orders = {tuple(order) for order in order_tree(size).orders.tolist()}
    assert len(orders) == len(order_tree(size).orders) == np.prod(range(1, size + 1))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(DEPENDENTS), min_size=1, max_size=6))
def test_the_sum_over_left_and_right_sides_is_the_sum_over_all_orders(dependents):
    pairs_only = OrderingModel({name: w for name, w in MODEL.weights.items() if not name.startswith("HI")})
    slots = [HEAD, *dependents]
    scores = score_all(pairs_only, slots)
    expected = scores.max() + np.log(np.exp(scores - scores.max()).sum())
    assert WideNode(pairs_only, slots).log_total == pytest.approx(expected, abs=1e-8)


def test_resampled_orders_follow_the_full_distribution():
    slots = [HEAD, "DET&det", "ADJ&amod", "NOUN&nmod", "NOUN&nmod"]
    scores = score_all(MODEL, slots)
    exact = np.exp(scores - scores.max())
    exact /= exact.sum()
    numbers = random.Random(5)
    node = WideNode(MODEL, slots)
    estimate = np.zeros(len(exact))
    without = np.zeros(len(exact))
    for _ in range(3):
        weights, orders = node.weighted_sample(numbers.random, 6000)
        share = np.exp(weights - weights.max())
        for order, mass in zip(orders.tolist(), share / share.sum(), strict=True):
            estimate[rank_of(order)] += mass / 3
            without[rank_of(order)] += 1 / (3 * len(orders))
    assert np.abs(estimate - exact).sum() / 2 < 0.05
    assert np.abs(without - exact).sum() / 2 > 0.15  # n-grams matter here, so the correction was needed
    whole = np.array([MODEL.score([slots[i] for i in order]) for order in orders[:50].tolist()])
    pairs_only = OrderingModel({name: w for name, w in MODEL.weights.items() if not name.startswith("HI")})
    pairs = np.array([pairs_only.score([slots[i] for i in order]) for order in orders[:50].tolist()])
    padding = 2 * (MODEL.weights["HI_BOS_BOS_BOS"] + MODEL.weights["HI_EOS_EOS_EOS"])
    assert np.abs(whole - pairs - weights[:50] - padding).max() < 1e-9


def test_draws_follow_the_exact_distribution_whatever_the_cache_holds():
    bag = (HEAD, *sorted(["DET&det", "ADJ&amod", "NOUN&nmod"]))
    scores = score_all(MODEL, bag)
    exact = np.exp(scores - scores.max())
    exact /= exact.sum()
    numbers = [(i + 0.5) / 4000 for i in range(4000)]
    roomy, tight = BagOrders(MODEL), BagOrders(MODEL, cache_bytes=0)
    drawn = [tuple(roomy.draw(bag, lambda u=u: u) or ()) for u in numbers]
    assert drawn[::50] == [tuple(tight.draw(bag, lambda u=u: u) or ()) for u in numbers[::50]]
    assert (len(roomy), len(tight)) == (1, 0)
    counts = Counter(drawn)
    found = np.array([counts[tuple(order)] / 4000 for order in order_tree(4).orders.tolist()])
    assert np.abs(found - exact).max() < 1e-3


def test_unlikely_orders_of_a_bag_are_drawn_though_only_the_likely_ones_are_kept():
    flat = OrderingModel({"PRE_det_@": 0.0})
    bag = (HEAD, *["DET&det"] * 6)  # 5,040 equally likely orders
    orders = BagOrders(flat)
    drawn = {tuple(orders.draw(bag, lambda u=u: u) or ()) for u in np.linspace(0, 0.9999, 60)}
    assert len(drawn) == 60
    assert orders.draw((HEAD, *["DET&det"] * WIDEST_SUMMED), lambda: 0.5) is None


def test_memory_of_the_cache_is_bounded():
    orders = BagOrders(MODEL, cache_bytes=20_000)
    numbers = random.Random(2)
    for _ in range(60):
        bag = (HEAD, *sorted(numbers.choices(DEPENDENTS, k=4)))
        orders.draw(bag, numbers.random)
    assert 0 < len(orders) < 25
