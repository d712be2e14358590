"""The archive for XTREME's leaderboard: its layout is the published one, and what would be misread is not packed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.evaluation.submission import TESTS
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind

QUESTIONS = {"data": [{"paragraphs": [{"context": "a b", "qas": [{"id": "q", "question": "?", "answers": []}]}]}]}
# a file of predictions and the test data it is for, by kind
CONTENT = {
    Kind.TAGS: ("{0}\n{0}\n\n{0}\n", "a\nb\n\nc\n"),
    Kind.LABELS: ("{0}\n{0}\n", "a\tb\nc\td\n"),
    Kind.INDICES: ("1\n0\n", "a\nb\n"),
    Kind.PAIRS: ("de-1\ten-1\n", "de-1\ta\nde-2\tb\n"),
    Kind.ANSWERS: ('{"q": "a"}', json.dumps(QUESTIONS)),
}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions of all nine tasks in all languages, and XTREME's folders."""
    for task in TASKS.values():
        guess, test = CONTENT[task.kind]
        for language in task.languages:
            here = tmp_path / "predictions" / task.name / f"test-{language}.{task.suffix}"
            there = tmp_path / "xtreme" / task.name / TESTS.get(task.name, "test-{0}.tsv").format(language)
            for path, text in ((here, guess.replace("{0}", next(iter(task.labels), ""))), (there, test)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    return tmp_path / "predictions", tmp_path / "xtreme"


def call(predictions: Path, data: Path, output: Path, *options: str) -> int:
    words = ["submission", "--predictions", str(predictions), "--data", str(data), "--output", str(output), *options]
    return main("fairseq_alignmlm", "", words)


def read_as_xtreme(folder: Path, task: str, language: str) -> list[object]:
    """Read a file as the published evaluate.py does: sentences at blank lines, labels by line, answers as JSON."""
    path = folder / task / f"test-{language}.{'json' if task in ('xquad', 'mlqa', 'tydiqa') else 'tsv'}"
    if path.suffix == ".json":
        return list(json.loads(path.read_text()))
    lines = [line.strip() for line in path.read_text().split("\n")[:-1]]
    if task not in ("udpos", "panx"):
        return list(lines)
    return [block.split("\n") for block in "\n".join(lines).split("\n\n")]


def test_all_nine_tasks_are_packed_as_the_published_scorer_reads_them(folders, tmp_path):
    predictions, data = folders
    for path in [*predictions.rglob("test-*")]:
        path.with_name(f"{path.name}.origin.json").write_text("{}")  # as `predict` leaves it
    assert call(predictions, data, tmp_path / "submission.zip") == 0
    with zipfile.ZipFile(tmp_path / "submission.zip") as archive:
        archive.extractall(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(TASKS)
    for name, task in TASKS.items():
        assert len(list((tmp_path / "out" / name).iterdir())) == len(task.languages)
        for language in task.languages:
            examples = read_as_xtreme(tmp_path / "out", name, language)
            assert len(examples) == (1 if name in ("xquad", "mlqa", "tydiqa", "bucc2018") else 2)
    first = (tmp_path / "submission.zip").read_bytes()
    assert call(predictions, data, tmp_path / "again.zip") == 0
    assert (tmp_path / "again.zip").read_bytes() == first


@pytest.mark.parametrize(
    ("task", "text", "message"),
    [
        ("udpos", "ADJ\n\nADJ\n", "sentence 1 has 1 tags for the 2 tokens"),
        ("udpos", "a\tADJ\nb\tADJ\n\nc\tADJ\n", "is `token TAB tag`"),
        ("xnli", "neutral\n", "1 lines for 2 examples"),
        ("xnli", "neutral\ncontradictory\n", "unknown label 'contradictory'"),
        ("pawsx", "0\n\n1\n", "a blank line"),
        ("tatoeba", "1\n", "1 lines for 2 examples"),
        ("xquad", '{"p": "a"}', "they are not the same"),
        ("mlqa", '{"q": 1}', "is not a JSON object of texts"),
    ],
)
def test_what_the_scorer_would_misread_is_not_packed(folders, tmp_path, capsys, task, text, message):
    predictions, data = folders
    (predictions / task / f"test-de.{TASKS[task].suffix}").write_text(text)
    assert call(predictions, data, tmp_path / "submission.zip") == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "submission.zip").exists()


def test_what_is_missing_is_named(folders, tmp_path, capsys):
    predictions, data = folders
    (predictions / "udpos" / "test-fr.tsv").unlink()
    assert call(predictions, data, tmp_path / "submission.zip") == 2
    assert "missing: udpos (fr); predict these too, or give --partial" in capsys.readouterr().err
    assert call(predictions, data, tmp_path / "submission.zip", "--partial") == 0
    assert "missing, so no overall score: udpos (fr)" in capsys.readouterr().out
    assert call(tmp_path, data, tmp_path / "submission.zip") == 2
    assert "holds none of the folders" in capsys.readouterr().err
