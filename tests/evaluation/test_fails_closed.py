"""No metric and no score where the input cannot be measured: each case once ended in a number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.alignment import alignment_scores
from fairseq_alignmlm.evaluation.answers import score_answers
from fairseq_alignmlm.evaluation.metrics import score_labels, score_pairs, score_tags
from fairseq_alignmlm.evaluation.nearest import nearest_neighbours
from fairseq_alignmlm.evaluation.result import collect_result
from fairseq_alignmlm.evaluation.retrieval import translation_retrieval
from fairseq_alignmlm.evaluation.validity import check_file
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS
from fairseq_alignmlm.storage import write_json


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("row", [0, 7], ids=["source", "candidate"])
def test_an_embedding_that_is_not_finite_has_no_score(value: float, row: int) -> None:
    embeddings = torch.randn(10, 4, generator=torch.Generator().manual_seed(1))
    embeddings[row, 2] = value
    left, right = torch.arange(5), torch.arange(5, 10)
    with pytest.raises(FloatingPointError, match="hold NaN or infinity"):
        translation_retrieval(embeddings, {(i,): [(i + 5,)] for i in range(5)}, [])
    with pytest.raises(FloatingPointError, match="hold NaN or infinity"):
        alignment_scores(embeddings, left, right)
    with pytest.raises(FloatingPointError, match="1 of 5"):
        nearest_neighbours(embeddings[left], embeddings[right])


def test_nothing_to_score_is_no_score() -> None:
    for score in (lambda: score_labels([], []), lambda: score_tags([], []), lambda: score_pairs([], [("a", "b")])):
        with pytest.raises(ValueError, match="there is no"):
            score()
    with pytest.raises(ValueError, match="needs a gold answer"):
        score_answers({}, {})
    with pytest.raises(ValueError, match="1 questions are not in both"):
        score_answers({"a": ["x"]}, {})
    with pytest.raises(ValueError, match="empty tag"):
        score_tags([["X"]], [[""]])


def test_a_result_never_holds_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "result.json", {"alignment": float("nan")})
    assert not (tmp_path / "result.json").exists()
    (tmp_path / "alignment.json").write_text('{"alignment": {"all": NaN}}')
    with pytest.raises(InputError, match=r"alignment\.all is nan, not a number"):
        collect_result(tmp_path, "en", "xx")


def problems(tmp_path: Path, task: str, gold: str, predictions: str) -> str:
    (tmp_path / "gold").write_text(gold, encoding="utf-8")
    (tmp_path / "p").write_text(predictions, encoding="utf-8")
    return " / ".join(str(problem) for problem in check_file(tmp_path / "p", tmp_path / "gold", TASKS[task]))


def test_a_predicted_alias_is_unknown_and_a_gold_one_is_read(tmp_path: Path) -> None:
    gold = "a\tb\tcontradictory\nc\td\tneutral\n"
    assert problems(tmp_path, "xnli", gold, "contradiction\nneutral\n") == ""
    assert "p:1: unknown label 'contradictory'; write 'contradiction'" in problems(
        tmp_path, "xnli", gold, "contradictory\nneutral\n"
    )


BUCC = "de-000000001\ten-000000007\nde-000000002\ten-000000009\n"


@pytest.mark.parametrize(
    ("predictions", "what"),
    [
        ("", "p: holds no pair: it would score 0"),
        ("en-000000007\tde-000000001\n", "p:1: the columns are swapped"),
        ("de-000000001\x00\ten-000000007\n", "p:1: 'de-000000001\\x00' is not written like the identifiers"),
        ('"de-000000001"\t"en-000000007"\n', "p:1: '\"de-000000001\"' is not written like"),
        ("de-1\ten-7\n", "p:1: 'de-1' is not written like"),
        ("de-٠٠٠٠٠٠٠٠١\ten-000000007\n", "p:1: 'de-٠٠٠٠٠٠٠٠١' is not written like"),
        ("de-000000001 \ten-000000007\n", "is not written like"),
        ("fr-000000001\ten-000000007\n", "is not written like"),
        ("1.07\tde-000000001\ten-000000007\n", "p:1: has 3 columns for 2"),
        ("de-000000001\ten-000000007\rde-000000002\ten-000000009\n", "reads as a line end"),
    ],
)
def test_pairs_that_would_score_as_wrong_are_found(tmp_path: Path, predictions: str, what: str) -> None:
    assert problems(tmp_path, "bucc2018", BUCC, BUCC) == ""
    assert what in problems(tmp_path, "bucc2018", BUCC, predictions)


ORDER = [3, 0, 4, 1, 2]
TATOEBA = "".join(f"{index}\n" for index in ORDER)


@pytest.mark.parametrize(
    ("predictions", "what"),
    [
        ("".join(f"{index + 1}\n" for index in ORDER), "p:3: index 5 is beyond the last sentence, 4: indices count"),
        ("3\n0\n4\n1\n99\n", "p:5: index 99 is beyond"),
        ("003\n0\n4\n1\n2\n", "p:1: '003' is not an index"),
        ("٣\n0\n4\n1\n2\n", "p:1: '٣' is not an index"),
        ("3\n0\n4\n1\n-2\n", "p:5: '-2' is not an index"),
        ("3.0\n0\n4\n1\n2\n", "p:1: '3.0' is not an index"),
    ],
)
def test_indices_that_would_score_as_wrong_are_found(tmp_path: Path, predictions: str, what: str) -> None:
    assert problems(tmp_path, "tatoeba", TATOEBA, TATOEBA) == ""
    assert what in problems(tmp_path, "tatoeba", TATOEBA, predictions)


def test_counting_from_one_is_found_without_the_last_index_and_chance_is_not(tmp_path: Path) -> None:
    gold = [index * 31 % 1000 for index in range(40)]
    text = "".join(f"{index}\n" for index in gold)
    assert "p: counts from 1: 40 indices less 1 are right" in problems(
        tmp_path, "tatoeba", text, "".join(f"{index + 1}\n" for index in gold)
    )
    by_chance = [index + 1 if place == 3 else 700 for place, index in enumerate(gold)]
    assert problems(tmp_path, "tatoeba", text, "".join(f"{index}\n" for index in by_chance)) == ""


SQUAD = {"data": [{"paragraphs": [{"qas": [{"id": "q1", "answers": [{"text": "a cat"}]}]}]}]}


@pytest.mark.parametrize(
    ("predictions", "what"),
    [
        ("{}", "question 'q1' is not answered"),
        ('{"q1": "a", "q2": "b"}', "'q2' is no question"),
        ('{"q1": 3}', "the answer to 'q1' is not a text"),
        ('["a"]', "is not a JSON object"),
    ],
)
def test_answers_that_would_be_passed_over_are_found(tmp_path: Path, predictions: str, what: str) -> None:
    assert problems(tmp_path, "xquad", json.dumps(SQUAD), '{"q1": ""}') == ""
    assert what in problems(tmp_path, "xquad", json.dumps(SQUAD), predictions)


def test_blanked_answers_are_no_gold_labels(tmp_path: Path) -> None:
    blanked = {"data": [{"paragraphs": [{"qas": [{"id": "q1", "answers": [{"text": "", "answer_start": 0}]}]}]}]}
    assert "question 'q1' has no answer: there is nothing to score" in problems(
        tmp_path, "xquad", json.dumps(blanked), '{"q1": ""}'
    )


def test_an_answer_given_twice_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="p: the name 'q1' occurs twice"):
        problems(tmp_path, "xquad", json.dumps(SQUAD), '{"q1": "a", "q1": "b"}')
    with pytest.raises(InputError, match="p:1: not JSON"):
        problems(tmp_path, "xquad", json.dumps(SQUAD), "q1: a")


def test_the_gold_file_is_no_prediction(tmp_path: Path) -> None:
    (tmp_path / "test-fr.tsv").write_text(TATOEBA)
    found = check_file(tmp_path / "test-fr.tsv", tmp_path / "test-fr.tsv", TASKS["tatoeba"])
    assert [str(problem) for problem in found] == [
        f"{tmp_path / 'test-fr.tsv'}: is the gold file itself: give the predictions of a model"
    ]
