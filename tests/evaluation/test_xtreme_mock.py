"""The averages that XTREME's own scorer gives on XTREME's own mock predictions, to the last digit."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairseq_alignmlm.evaluation.scoring import find_pairs, find_problems, score_pairs_of_files
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS

MOCK = Path(__file__).parents[2].parent / "shared" / "data" / "xtreme_mock"
pytestmark = pytest.mark.skipif(not MOCK.is_dir(), reason=f"XTREME's mock data are not at {MOCK}")

AVERAGES = [
    ("udpos", "span_f1_0.0.12", 70.21746048354693),
    ("udpos", "span_f1_1.2.2", 70.39805810699043),
    ("panx", "span_f1_1.2.2", 57.50793650793652),
    ("panx", "span_f1_0.0.12", 57.50793650793652),
    ("panx", "span_precision_1.2.2", 54.729166666666664),
    ("panx", "span_recall_1.2.2", 62.750000000000014),
    ("xnli", "accuracy", 30.666666666666668),
    ("pawsx", "accuracy", 51.42857142857143),
    ("tatoeba", "accuracy", 53.611111111111114),
    ("bucc2018", "f1", 55.0),
    ("xquad", "exact_match", 77.27272727272727),
    ("xquad", "f1", 79.9586776859504),
    ("mlqa", "exact_match", 57.142857142857146),
    ("mlqa", "f1", 81.76870748299321),
    ("tydiqa", "exact_match", 88.88888888888889),
    ("tydiqa", "f1", 97.22222222222223),
]


@pytest.mark.parametrize(("name", "metric", "expected"), AVERAGES)
def test_average_over_languages_is_xtremes(name: str, metric: str, expected: float) -> None:
    pairs = find_pairs(MOCK / "predictions", MOCK / "labels", TASKS[name], "test", None)
    result = score_pairs_of_files(pairs, TASKS[name], "xtreme", {})
    assert result["mean"][metric] == expected


@pytest.mark.parametrize("name", list(TASKS))
def test_mock_predictions_are_sound_and_complete(name: str) -> None:
    pairs = find_pairs(MOCK / "predictions", MOCK / "labels", TASKS[name], "test", None, "all")
    assert find_problems(pairs, TASKS[name]) == []
    assert set(pairs.gold) == set(TASKS[name].languages)


def test_the_profile_chooses_the_rule() -> None:
    pairs = find_pairs(MOCK / "predictions", MOCK / "labels", TASKS["udpos"], "test", None)
    scores = {
        profile: score_pairs_of_files(pairs, TASKS["udpos"], profile, {})["score"] for profile in ("paper", "xtreme")
    }
    assert scores == {"paper": 70.39805810699043, "xtreme": 70.21746048354693}
