"""Answers from scores of their ends: against a search over all spans, over windows, and the official metrics."""

from __future__ import annotations

import re
import string
from collections import Counter

import numpy as np
import pytest

from fairseq_alignmlm.data.questions import windows
from fairseq_alignmlm.evaluation.answer_spans import LONGEST_ANSWER, Window, best_span
from fairseq_alignmlm.evaluation.answers import mlqa_words, score_answers, squad_words


@pytest.mark.parametrize("seed", range(5))
def test_best_span_of_one_window_is_the_best_of_all_spans(seed: int) -> None:
    generator = np.random.default_rng(seed)
    start, end = generator.normal(size=(2, 18))
    scores = {(i, j): start[i] + end[j] for i in range(18) for j in range(i, min(18, i + LONGEST_ANSWER))}
    assert best_span([Window(0, start, end)]) == max(scores, key=lambda span: scores[span])


def test_long_and_backward_spans_are_none() -> None:
    start, end = np.zeros(60), np.zeros(60)
    start[5], end[5 + LONGEST_ANSWER], end[3] = 9, 9, 9
    start[40], end[41] = 5, 5
    assert best_span([Window(0, start, end)]) == (40, 41)
    start, end = np.arange(60.0), -np.arange(60.0)  # no first piece before a last one among the candidates
    assert best_span([Window(100, start, end)]) == (159, 159)


def test_a_piece_starts_an_answer_where_it_has_most_context() -> None:
    first, second, none = np.zeros(10), np.zeros(10), np.zeros(10)
    first[9] = 50.0  # the last piece of the first window, piece 9: in the second it has more context
    second[5] = 1.0
    assert best_span([Window(0, first, none), Window(6, second, second)]) == (11, 11)
    second[3] = 2.0
    assert best_span([Window(0, first, none), Window(6, second, second)]) == (9, 9)


@pytest.mark.parametrize(("length", "room", "stride"), [(5, 10, 4), (10, 10, 4), (23, 10, 4), (23, 10, 99), (1, 1, 1)])
def test_windows_hold_every_piece_and_are_full(length: int, room: int, stride: int) -> None:
    found = windows(length, room, stride)
    assert {piece for first, last in found for piece in range(first, last)} == set(range(length))
    assert all(last - first == room for first, last in found[:-1])
    assert found[-1][1] == length
    assert [first for first, _ in found] == [min(stride, room) * number for number in range(len(found))]


def test_words_that_are_compared() -> None:
    assert squad_words("The  Cat, a dog—and «an» owl.") == ["cat", "dog—and", "«", "»", "owl"]
    assert mlqa_words("en")("The  Cat, a dog—and «an» owl.") == ["cat", "dogand", "owl"]
    assert mlqa_words("de")("Die Stadt der Liebe!") == ["stadt", "liebe"]
    assert mlqa_words("es")("el Gato y la luna") == ["gato", "y", "luna"]
    assert mlqa_words("zh")("电化电池 AB，1") == ["电", "化", "电", "池", "ab1"]
    assert mlqa_words("ar")("الكتاب") == ["كتاب"]
    assert mlqa_words("hi")("एक घर।") == ["एक", "घर"]


def reference(predicted: str, gold: str) -> tuple[float, float]:
    """Exact match and F1 of SQuAD's evaluation script, in its own order of steps."""

    def words(text: str) -> list[str]:
        text = "".join(character for character in text.lower() if character not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split()).split()

    guess, truth = words(predicted), words(gold)
    common = sum((Counter(guess) & Counter(truth)).values())
    f1 = 0.0
    if common:
        precision, recall = common / len(guess), common / len(truth)
        f1 = 2 * precision * recall / (precision + recall)
    return float(guess == truth), f1


def test_scores_are_the_best_over_gold_answers_and_the_mean_over_questions() -> None:
    generator = np.random.default_rng(2)
    vocabulary = ["the", "Cat", "cat,", "on", "a", "mat", "(b)", "Mat."]

    def text() -> str:
        return " ".join(generator.choice(vocabulary, generator.integers(0, 5)))

    gold = {f"q{number}": [text() for _ in range(generator.integers(1, 4))] for number in range(40)}
    predicted = {key: text() for key in gold}
    best = np.array([np.max([reference(predicted[key], one) for one in texts], axis=0) for key, texts in gold.items()])
    found = score_answers(gold, predicted)
    assert (found["exact_match"], found["f1"]) == pytest.approx(tuple(100 * best.mean(axis=0)))
    assert found["mean_of_both"] == pytest.approx(100 * best.mean())
