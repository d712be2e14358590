"""A folder whose name begins with a dot, such as work in progress, is no language, no result and no model."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.pair import Pair
from fairseq_alignmlm.analysis.results import read_runs
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.predictions import files_by_language
from fairseq_alignmlm.evaluation.xtreme_tasks import task_named
from fairseq_alignmlm.tasks.pretraining_settings import choose_languages


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_binarizedchoose_languages(tmp_path):
    write(tmp_path / "en" / "train.idx")
    write(tmp_path / ".de.partial-0123" / "train.idx")
    assert choose_languages(tmp_path, None, ()) == ["en"]
    with pytest.raises(InputError, match=r"unknown language '.de.partial-0123'; the folder has: en"):
        choose_languages(tmp_path, "en,.de.partial-0123", ())


def test_languages_of_a_pair(tmp_path):
    write(tmp_path / "text" / "en" / "train.txt")
    write(tmp_path / "text" / ".de.partial-0123" / "train.txt")
    with pytest.raises(InputError, match=r"languages that are there: en$"):
        Pair(tmp_path).existing(tmp_path / "text" / "fr")


def test_predictions(tmp_path):
    for name in ("en", ".de.partial-0123"):
        write(tmp_path / name / "test.tsv", "NOUN\n")
    assert list(files_by_language(tmp_path, task_named("udpos"))) == ["en"]


def test_results(tmp_path):
    write(tmp_path / ".run.partial-0123" / "result.json", "{}")
    with pytest.raises(InputError, match=r"holds no result.json"):
        read_runs([tmp_path])
