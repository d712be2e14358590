"""Both span rules against the library they come from, and against cases worked out by hand."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.evaluation.span_f1 import Span, span_scores, spans, token_accuracy

IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-ORG", "B-ORG", "E-PER", "S-LOC", "B", "I", "B-A-B"]
UPOS = ["NOUN", "CCONJ", "SCONJ", "SYM", "INTJ", "ADJ", "ADP", "X", "PUNCT", "VERB", "NUM", "PRON", "PROPN"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("seqeval-0.0.12", [("NOUN", 0, 1), ("CCONJ", 2, 2), ("SCONJ", 3, 3), ("SCONJ", 4, 4)]),
        ("seqeval-1.2.2", [("OUN", 0, 1), ("CONJ", 3, 3), ("CONJ", 4, 4)]),
    ],
)
def test_part_of_speech_spans_by_hand(rule: str, expected: list[tuple[str, int, int]]) -> None:
    tags = [["NOUN", "NOUN", "CCONJ", "SCONJ", "SCONJ"]]
    assert spans(tags, rule) == {Span(*span) for span in expected}


@pytest.mark.parametrize("rule", ["seqeval-0.0.12", "seqeval-1.2.2"])
def test_iob_spans_end_with_their_sentence(rule: str) -> None:
    tags = [["B-PER", "I-PER"], ["I-PER", "O", "I-LOC", "B-LOC"]]
    # positions count one extra step after every sentence
    expected = {Span("PER", 0, 1), Span("PER", 3, 3), Span("LOC", 5, 5), Span("LOC", 6, 6)}
    assert spans(tags, rule) == expected


def test_scores_by_hand() -> None:
    gold = [["B-PER", "I-PER", "O", "B-LOC"]]
    predicted = [["B-PER", "I-PER", "B-LOC", "I-LOC"]]
    scores = span_scores(gold, predicted, "seqeval-1.2.2")
    assert (scores.precision, scores.recall, scores.f1) == (50.0, 50.0, 50.0)
    assert token_accuracy(gold, predicted) == 50.0


def test_nothing_predicted_scores_zero() -> None:
    scores = span_scores([["B-PER"]], [["O"]], "seqeval-1.2.2")
    assert (scores.precision, scores.recall, scores.f1) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="there is no token to score"):
        token_accuracy([], [])


@pytest.mark.parametrize("predicted", [[["O"]], [["O", "O"], ["O"]], [["O"], ["O", "O"]]])
def test_shifted_predictions_are_an_error_not_a_score(predicted: list[list[str]]) -> None:
    gold = [["O", "O"], ["O", "O"]] if len(predicted) == 2 else [["O"], ["O"]]
    with pytest.raises(ValueError, match="predicted"):
        span_scores(gold, predicted, "seqeval-1.2.2")
    with pytest.raises(ValueError, match="predicted"):
        token_accuracy(gold, predicted)


def tagged_pairs(tags: list[str]) -> st.SearchStrategy[list[list[tuple[str, str]]]]:
    tag = st.sampled_from(tags)
    return st.lists(st.lists(st.tuples(tag, tag), min_size=1, max_size=8), min_size=1, max_size=5)


def library_scores(gold: list[list[str]], predicted: list[list[str]]) -> tuple[float, float, float]:
    metrics = pytest.importorskip("seqeval.metrics", reason="seqeval is not installed (extra [dev])")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = [metrics.precision_score, metrics.recall_score, metrics.f1_score]
        precision, recall, f1 = (100 * value(gold, predicted) for value in values)
    return precision, recall, f1


@settings(deadline=None, max_examples=100)
@given(st.one_of(tagged_pairs(IOB), tagged_pairs(UPOS)))
def test_rule_1_2_2_equals_the_installed_library(pairs: list[list[tuple[str, str]]]) -> None:
    gold = [[a for a, _ in sentence] for sentence in pairs]
    predicted = [[b for _, b in sentence] for sentence in pairs]
    ours = span_scores(gold, predicted, "seqeval-1.2.2")
    assert (ours.precision, ours.recall, ours.f1) == library_scores(gold, predicted)


@settings(deadline=None, max_examples=100)
@given(st.one_of(tagged_pairs(IOB), tagged_pairs(UPOS)))
def test_rule_0_0_12_equals_the_library_on_tags_respelled_for_it(pairs: list[list[tuple[str, str]]]) -> None:
    def respell(tag: str) -> str:  # the prefix and the type of 0.0.12, in a form that 1.2.2 reads so
        return tag if tag == "O" else f"{tag[0]}-{tag.split('-')[-1]}"

    gold = [[a for a, _ in sentence] for sentence in pairs]
    predicted = [[b for _, b in sentence] for sentence in pairs]
    ours = span_scores(gold, predicted, "seqeval-0.0.12")
    respelled = [[list(map(respell, sentence)) for sentence in side] for side in (gold, predicted)]
    assert (ours.precision, ours.recall, ours.f1) == library_scores(*respelled)
