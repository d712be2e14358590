"""Training: exact likelihood and gradient, and models that learn the order they were shown."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data_prep.languages.syntax.conllu import read_sentences
from data_prep.languages.syntax.enumeration import score_all
from data_prep.languages.syntax.observed_bags import ObservedBag, count_orders, likelihood, observed_bags
from data_prep.languages.syntax.ordering_model import OrderingModel
from data_prep.languages.syntax.training import Likelihood, Settings, train
from data_prep.languages.syntax.word_order import WordOrder

BAGS = [
    ObservedBag("NOUN", "@NOUN&@", ("DET&det", "ADJ&amod"), 1),
    ObservedBag("NOUN", "@NOUN&@", ("DET&det", "ADJ&amod"), 1),
    ObservedBag("NOUN", "@NOUN&@", ("DET&det", "ADJ&amod"), 2),
    ObservedBag("PRON", "@PRON&@", ("ADP&case", "NOUN&nmod:poss", "NOUN&nmod:poss", "ADJ&amod"), 2),
    ObservedBag("NOUN", "@NOUN&@", ("NOUN&nmod",), 0),
    ObservedBag("NOUN", "@NOUN&@", ("ADP&case", "DET&det", "NUM&nummod", "ADJ&amod", "NOUN&nmod"), 4),
]


def test_the_likelihood_is_that_of_the_scores_and_its_gradient_is_right():
    orders = count_orders(BAGS, 6)
    function = Likelihood(orders, Settings(fewest_grams=1, fewest_pairs=1))
    numbers = np.random.default_rng(0)
    theta = numbers.normal(size=len(function.names)) * 0.4
    value, gradient = function(theta)
    model = OrderingModel(dict(zip(function.names, theta.tolist(), strict=True)))
    expected = 0.0
    for bag, counts in orders.items():
        scores = score_all(model, bag)
        total = math.log(np.exp(scores - scores.max()).sum()) + scores.max()
        for order, times in counts.items():
            expected += times * (model.score([bag[slot] for slot in order]) - total)
    assert value == pytest.approx(expected, abs=1e-8)
    for index in numbers.choice(len(theta), 25, replace=False):
        step = np.zeros(len(theta))
        step[index] = 1e-5
        slope = (function(theta + step)[0] - function(theta - step)[0]) / 2e-5
        assert gradient[index] == pytest.approx(slope, abs=1e-5)


def test_nodes_count_once_and_wide_ones_are_left_out():
    orders = count_orders([*BAGS, ObservedBag("NOUN", "@NOUN&@", ("DET&det",) * 6, 0)], 6)
    assert sum(sum(counts.values()) for counts in orders.values()) == len(BAGS)
    assert sorted(orders[("@NOUN&@", "ADJ&amod", "DET&det")].values()) == [1, 2]


def test_a_model_learns_the_order_it_was_shown_and_backs_off_to_labels_without_subtype():
    shown = [ObservedBag("NOUN", "@NOUN&@", ("DET&det", "NOUN&nmod:a"), 1)] * 30
    trained = train(count_orders(shown, 6), Settings(l2=0.1))
    assert trained.converged and trained.log_p > -0.1
    model = OrderingModel(dict(trained.weights))
    for unseen in ("NOUN&nmod:b", "PROPN&nmod"):
        right = model.score(["DET&det", "@NOUN&@", unseen])
        assert right > model.score([unseen, "DET&det", "@NOUN&@"]) + 0.5


def test_a_model_trained_on_real_french_beats_random_orders_on_other_french(shared_data):
    trees = list(read_sentences(shared_data / "ud" / "UD_French-Sequoia" / "fr_sequoia-ud-train.conllu"))
    models = []
    for tags in ({"NOUN", "PROPN", "PRON"}, {"VERB"}):
        bags = (bag for tree in trees[:400] for bag in observed_bags(tree) if bag.tag in tags)
        models.append(OrderingModel(dict(train(count_orders(bags, 5), Settings(iterations=25)).weights)))
    word_order = WordOrder(models)
    assert word_order.version == 2
    measured = likelihood(trees[400:600], word_order)
    assert measured["noun"]["log p"] > -0.6 > -2.0 > measured["noun"]["random order"]
    assert measured["verb"]["log p"] > -1.6 > -2.9 > measured["verb"]["random order"]
