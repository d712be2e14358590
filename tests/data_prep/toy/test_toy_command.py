"""`python -m data_prep toy`: the same bytes every time, whatever the number of processes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

SMALL = "--sentences 700 --valid-sentences 60 --labelled-train 60 --labelled-dev 30 --pairs-train 400 --pairs-dev 30"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("manifest.json")
    }


def test_one_and_three_workers_write_the_same_bytes_and_another_seed_does_not(tmp_path: Path, readers: Any) -> None:
    for name, flags in {"a": "--workers 1", "b": "--workers 3", "c": "--workers 1 --seed 2"}.items():
        assert readers.command(tmp_path / name, *SMALL.split(), *flags.split()) == 0
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    other = digests(tmp_path / "c")
    assert all(digest != other[path] for path, digest in digests(tmp_path / "a").items())


def test_the_layout_is_complete(corpus: Path) -> None:
    labelled = {
        f"labelled/{task}/{split}-en.{ending}"
        for task in ("udpos", "panx", "xnli")
        for split in ("train", "dev")
        for ending in ("tsv", "conllu")
    }
    text = {f"text/en/{split}.txt" for split in ("train", "valid")}
    trees = {f"trees/en/{split}.conllu" for split in ("train", "valid")}
    assert set(digests(corpus)) == labelled | text | trees


def test_a_longer_corpus_begins_with_the_shorter_one(tmp_path: Path, corpus: Path, readers: Any) -> None:
    assert readers.command(tmp_path, *SMALL.split(), "--workers", "1") == 0
    short, long = ((folder / "text" / "en" / "train.txt").read_text() for folder in (tmp_path, corpus))
    assert long.startswith(short)
    assert len([line for line in short.split("\n") if line]) == 700


def test_the_manifest_counts_and_a_second_run_is_up_to_date(
    tmp_path: Path, readers: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert readers.command(tmp_path, *SMALL.split(), "--workers", "1") == 0
    assert capsys.readouterr().out.count("up to date") == 5
    record = json.loads((tmp_path / "text" / "en" / "manifest.json").read_text())
    assert record["counts"]["train"]["sentences"] == 700
    words = len((tmp_path / "text" / "en" / "train.txt").read_text().split())
    assert record["counts"]["train"]["words"] == words


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--name fr", "--name: only for another --word-order"),
        ("--word-order french --name en", "must be one folder name other than en"),
        ("--word-order french --name ../up", "must be one folder name other than en"),
    ],
)
def test_bad_flags_get_one_line(
    tmp_path: Path, readers: Any, capsys: pytest.CaptureFixture[str], flags: str, message: str
) -> None:
    assert readers.command(tmp_path, *SMALL.split(), *flags.split()) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.conllu"))
