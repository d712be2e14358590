"""All orders of a bag, in one sweep, against scores by the definition; wide nodes against enumeration."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.languages.syntax.bag_orders import WIDEST_ENUMERATED, BagOrders
from data_prep.languages.syntax.enumeration import order_tree, score_all, score_bag
from data_prep.languages.syntax.ordering_model import BOS, EOS, KINDS, OrderingModel, views
from data_prep.languages.syntax.training import rank_of
from data_prep.languages.syntax.wide_nodes import SWEEPS, WIDEST_SAMPLED, WideNode

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


MODEL = random_model(1)
NINE = (HEAD, "DET&det", "DET&det", "ADJ&amod", "ADJ&amod", "NOUN&nmod", "NOUN&nmod:poss", "PUNCT&punct", "PUNCT&punct")


def probabilities(scores):
    """Return exp(scores) / sum."""
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(DEPENDENTS), max_size=7), st.integers(0, 10**6))
def test_scores_of_all_orders_are_those_of_the_definition(dependents, seed):
    slots = [HEAD, *dependents]
    scores = score_all(MODEL, slots)
    orders = order_tree((1,) * len(slots)).orders
    numbers = random.Random(seed)
    for index in {0, len(orders) - 1, *(numbers.randrange(len(orders)) for _ in range(20))}:
        assert scores[index] == pytest.approx(MODEL.score([slots[i] for i in orders[index]]), abs=1e-9)
        assert rank_of(orders[index].tolist()) == index


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=4), st.integers(0, 10**6))
def test_slots_of_one_symbol_are_not_told_apart(counts, seed):
    symbols, counts = [HEAD, *DEPENDENTS[: len(counts)]], (1, *counts)
    if sum(counts) > WIDEST_ENUMERATED:
        return
    scores, orders = score_bag(MODEL, symbols, counts), order_tree(counts).orders
    assert len(orders) == math.factorial(sum(counts)) // math.prod(map(math.factorial, counts))
    assert len(set(map(bytes, orders))) == len(orders)
    numbers = random.Random(seed)
    for index in {0, len(orders) - 1, *(numbers.randrange(len(orders)) for _ in range(20))}:
        assert scores[index] == pytest.approx(MODEL.score([symbols[i] for i in orders[index]]), abs=1e-9)


@pytest.mark.parametrize("size", range(1, 6))
def test_every_order_is_there_once(size):
    orders = {tuple(order) for order in order_tree((1,) * size).orders.tolist()}
    assert len(orders) == len(order_tree((1,) * size).orders) == math.factorial(size)


def test_draws_follow_the_exact_distribution_whatever_the_cache_holds():
    bag = (HEAD, "DET&det", "NOUN&nmod", "ADJ&amod")
    exact = probabilities(score_all(MODEL, bag))
    numbers = [(i + 0.5) / 4000 for i in range(4000)]
    roomy, tight = BagOrders(MODEL), BagOrders(MODEL, cache_bytes=0)
    drawn = [tuple(roomy.draw(bag, lambda u=u: u) or ()) for u in numbers]
    assert drawn[::50] == [tuple(tight.draw(bag, lambda u=u: u) or ()) for u in numbers[::50]]
    assert (len(roomy), len(tight)) == (1, 0)
    counts = Counter(drawn)
    found = np.array([counts[tuple(order)] / 4000 for order in order_tree((1,) * 4).orders.tolist()])
    assert np.abs(found - exact).max() < 1e-3


def test_nodes_of_nine_slots_are_drawn_from_exactly():
    # 15,000 draws of one bag gave 263 different orders: 512 proposals, the same ones whatever the seed
    flat = OrderingModel({"PRE_det_@": 0.0})
    orders, uniform = BagOrders(flat), random.Random(1).random
    nine = (HEAD, *(f"X&{letter}" for letter in "abcdefgh"))
    drawn = [tuple(orders.draw(nine, uniform) or ()) for _ in range(60)]
    assert len(set(drawn)) == 60  # of 362,880
    bag = BagOrders(MODEL)
    number_of = {symbol: number for number, symbol in enumerate(dict.fromkeys(NINE))}
    symbols, counts = list(number_of), tuple(Counter(NINE).values())
    exact, first = probabilities(score_bag(MODEL, symbols, counts)), order_tree(counts).orders[:, 0]
    expected = np.bincount(first, exact)
    found = Counter(NINE[(bag.draw(NINE, lambda u=u: u) or [0])[0]] for u in (np.arange(1000) + 0.5) / 1000)
    assert [found[symbol] / 1000 for symbol in symbols] == pytest.approx(expected.tolist(), abs=2e-3)


def test_which_of_two_slots_with_one_symbol_comes_first_is_drawn():
    orders, uniform = BagOrders(MODEL), random.Random(1).random
    bag = (HEAD, "ADJ&amod", "ADJ&amod", "DET&det")
    order = [orders.draw(bag, uniform) or [] for _ in range(1000)]
    assert all(sorted(one) == [0, 1, 2, 3] for one in order)
    assert 420 < sum(one.index(1) < one.index(2) for one in order) < 580


@pytest.mark.parametrize("dependents", [["DET&det", "ADJ&amod"], ["DET&det", "NOUN&nmod", "NOUN&nmod", "ADJ&amod"]])
def test_the_probability_of_an_order_is_summed_over_the_places_of_the_marks(dependents):
    marks = ["PUNCT&punct", "PUNCT&punct", "SYM&punct"]
    order, slots = [1, 0, *range(2, len(dependents) + 1)], [HEAD, *dependents, *marks]
    exact = probabilities(score_all(MODEL, slots))
    expected = sum(
        probability
        for one, probability in zip(order_tree((1,) * len(slots)).orders.tolist(), exact, strict=True)
        if [slot for slot in one if slot <= len(dependents)] == order
    )
    log_p, _ = BagOrders(MODEL).assess(tuple(slots), order, len(marks))
    assert log_p == pytest.approx(math.log(expected), abs=1e-9)


def test_unlikely_orders_of_a_bag_are_drawn_though_only_the_likely_ones_are_kept():
    flat = OrderingModel({"PRE_det_@": 0.0})
    bag = (HEAD, *(f"X&{letter}" for letter in "abcdef"))  # 5,040 equally likely orders
    orders = BagOrders(flat)
    drawn = {tuple(orders.draw(bag, lambda u=u: u) or ()) for u in np.linspace(0, 0.9999, 60)}
    assert len(drawn) == 60
    assert orders.draw((HEAD, *["DET&det"] * WIDEST_SAMPLED), lambda: 0.5) is None


def test_memory_of_the_cache_is_bounded():
    orders = BagOrders(MODEL, cache_bytes=20_000)
    numbers = random.Random(2)
    for _ in range(60):
        orders.draw((HEAD, *numbers.choices(DEPENDENTS, k=4)), numbers.random)
    assert 0 < len(orders) < 25


def test_scores_of_wide_nodes_are_those_of_the_definition_but_for_the_padding():
    slots = [HEAD, *DEPENDENTS, "ADJ&amod", "DET&det"]
    node = WideNode(MODEL, list(dict.fromkeys(slots)))
    number_of = {symbol: number for number, symbol in enumerate(dict.fromkeys(slots))}
    source = random.Random(1).sample(slots, len(slots))
    scores, candidates = node.scores(np.array([number_of[symbol] for symbol in source]))
    assert len(set(map(tuple, candidates.tolist()))) == len(slots) * (len(slots) - 1)
    difference = scores - [MODEL.score([source[index] for index in candidate]) for candidate in candidates]
    assert difference == pytest.approx([difference[0]] * len(scores), abs=1e-9)


def total_variation(draws, exact, places):
    """Return how far the distribution of draws is from the exact one: of which slot is first, second and last."""
    found = Counter(tuple(draw[place] for place in places) for draw in draws)
    return sum(abs(found[key] / len(draws) - exact.get(key, 0.0)) for key in found.keys() | exact.keys()) / 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_chain_for_wide_nodes_ends_within_sampling_error_of_the_exact_distribution(seed):
    model = random_model(seed)
    symbols = [HEAD, *DEPENDENTS]
    counts = (1, 1, 2, 1, 1, 1)
    orders = order_tree(counts).orders
    exact = probabilities(score_bag(model, symbols, counts))
    places = (0, 1, -1)
    expected: Counter[tuple[int, ...]] = Counter()
    for order, probability in zip(orders.tolist(), exact.tolist(), strict=True):
        expected[tuple(order[place] for place in places)] += probability
    uniform, node = random.Random(7).random, WideNode(model, symbols)
    slots = [number for number, count in enumerate(counts) for _ in range(count)]
    chain = [node.draw(slots, uniform) for _ in range(400)]
    true = [orders[i].tolist() for i in np.random.default_rng(1).choice(len(orders), 400, p=exact)]
    short = [node.draw(slots, uniform, sweeps=1) for _ in range(400)]
    assert total_variation(chain, expected, places) < total_variation(true, expected, places) + 0.05
    assert total_variation(short, expected, places) > total_variation(true, expected, places) + 0.05


def test_the_chain_has_converged_on_a_node_too_wide_to_enumerate():
    model = random_model(3)
    slots = [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 5, 1]  # 12 slots
    node, uniform = WideNode(model, [HEAD, *DEPENDENTS]), random.Random(3).random
    draws = [node.draw(slots, uniform, sweeps) for sweeps in (20, SWEEPS) for _ in range(120)]
    where = np.array([[np.flatnonzero(np.array(draw) == slot).mean() for slot in range(6)] for draw in draws])
    long, usual = where[:120], where[120:]
    difference = long.mean(axis=0) - usual.mean(axis=0)
    error = np.sqrt((long.var(axis=0) + usual.var(axis=0)) / 120)
    assert (np.abs(difference) < 4 * error + 1e-9).all()


def test_wide_nodes_are_drawn_anew_for_every_line_and_seed():
    slots = (HEAD, *(f"X&{letter}" for letter in "abcdefghij"))
    orders = BagOrders(OrderingModel({"PRE_a_b": 1.0}))
    drawn = {tuple(orders.draw(slots, random.Random(seed).random) or ()) for seed in range(20)}
    assert len(drawn) == 20 and all(sorted(order) == list(range(11)) for order in drawn)
    again = tuple(orders.draw(slots, random.Random(3).random) or ())
    assert again in drawn
