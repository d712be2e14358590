"""Intervals and the overall score: XTREME's numbers on its mock data, a slow bootstrap, no score of less than all."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest

from fairseq_alignmlm.commands import check, score
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.interval import resampled, score_of_sums, unit_counts
from fairseq_alignmlm.evaluation.metrics import main_metric, score_file
from fairseq_alignmlm.evaluation.span_f1 import span_scores
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS

# evaluate.py of google-research/xtreme at 838c13b on its mock data, with seqeval 0.0.12
OVERALL = {
    "all_task": 62.17319850507246,
    "classification": 41.04761904761905,
    "tagging": 63.862698495741725,
    "qa": 80.37568011593986,
    "retrieval": 54.30555555555556,
}
MOCK = Path(__file__).parents[2].parent / "shared" / "data" / "xtreme_mock"
needs_mock = pytest.mark.skipif(not MOCK.is_dir(), reason=f"XTREME's mock data are not at {MOCK}")


def command(module: object, *arguments: object) -> int:
    parser = ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    return module.run(parser.parse_args([str(argument) for argument in arguments]))  # type: ignore[attr-defined]


@needs_mock
def test_overall_score_of_the_mock_data_is_xtremes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ("--task", "all", "--predictions", MOCK / "predictions", "--gold", MOCK / "labels")
    assert command(check, *folders) == 0
    assert "162 files of 9 tasks are sound" in capsys.readouterr().out
    assert command(score, *folders, "--json", tmp_path / "all.json") == 0
    result = json.loads((tmp_path / "all.json").read_text())
    assert result["score"] == pytest.approx(OVERALL["all_task"], abs=1e-12)
    for group in ("classification", "tagging", "qa", "retrieval"):
        assert result["groups"][group]["score"] == pytest.approx(OVERALL[group], abs=1e-12)
        low, high = result["groups"][group]["interval"]
        assert low < result["groups"][group]["score"] < high


@needs_mock
@pytest.mark.parametrize("name", list(TASKS))
def test_sums_over_units_are_the_score(name: str) -> None:
    task = TASKS[name]
    for language in task.languages[:4]:
        gold = MOCK / "labels" / name / f"test-{language}.{task.suffix}"
        predictions = MOCK / "predictions" / name / gold.name
        for profile in ("paper", "xtreme"):
            counts = unit_counts(predictions, gold, task, language, profile)
            expected = score_file(predictions, gold, task, language)[0][main_metric(task, profile)]
            assert score_of_sums(counts.sum(axis=0, keepdims=True))[0] == pytest.approx(expected)


def test_resamples_of_f1_are_those_of_sentences_drawn_again(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    tags = ["O", "B-PER", "I-PER", "B-LOC"]
    truth = [[str(tag) for tag in generator.choice(tags, 5)] for _ in range(12)]
    guess = [[tag if generator.random() < 0.6 else "O" for tag in sentence] for sentence in truth]
    for name, sentences in (("gold", truth), ("guess", guess)):
        (tmp_path / name).write_text("\n\n".join("\n".join(sentence) for sentence in sentences) + "\n")
    counts = unit_counts(tmp_path / "guess", tmp_path / "gold", TASKS["panx"], "en", "paper")
    draws = np.random.default_rng(9).integers(12, size=(20, 12))
    for draw in draws:
        expected = span_scores([truth[i] for i in draw], [guess[i] for i in draw], "seqeval-1.2.2").f1
        assert score_of_sums(counts[draw].sum(axis=0, keepdims=True))[0] == pytest.approx(expected)
    samples = resampled(counts, "panx-en", 300)
    assert (resampled(counts, "panx-en", 300) == samples).all()
    assert (resampled(counts, "panx-fr", 300) != samples).any()


def test_the_interval_is_as_wide_as_the_binomial_says(tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("1\n" * 400)
    (tmp_path / "p").write_text("1\n" * 240 + "0\n" * 160)
    counts = unit_counts(tmp_path / "p", tmp_path / "gold", TASKS["pawsx"], "en", "xtreme")
    samples = resampled(counts, "pawsx-en", 4000)
    assert samples.mean() == pytest.approx(60, abs=0.2)
    assert samples.std() == pytest.approx(100 * (0.6 * 0.4 / 400) ** 0.5, rel=0.06)


def test_less_than_all_has_no_overall_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place, text in (("gold", "0\n1\n"), ("predicted", "0\n0\n")):
        for language in TASKS["pawsx"].languages:
            path = tmp_path / place / "pawsx" / f"test-{language}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    folders = ("--task", "all", "--predictions", tmp_path / "predicted", "--gold", tmp_path / "gold")
    assert command(score, *folders, "--json", tmp_path / "all.json") == 0
    result = json.loads((tmp_path / "all.json").read_text())
    assert (result["score"], result["groups"]) == (None, {})
    assert result["tasks"]["pawsx"]["score"] == 50.0
    assert "no overall score: it needs every language of every task; missing: xnli, udpos" in capsys.readouterr().out
    with pytest.raises(InputError, match="--task all: all languages count"):
        command(score, *folders, "--profile", "paper")
    (tmp_path / "predicted" / "pawsx" / "test-de.tsv").write_text("")
    with pytest.raises(InputError, match=r"test-de\.tsv: 0 lines for 2 examples"):
        command(score, *folders)
    assert command(check, *folders) == 1
    with pytest.raises(InputError, match="shares no folder of a task"):
        command(score, "--task", "all", "--predictions", tmp_path, "--gold", tmp_path)
