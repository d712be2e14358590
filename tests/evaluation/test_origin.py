"""Predictions are scored as what they are: the file, its checkpoint, its data, its languages."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from fairseq_alignmlm.commands import score
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.origin import hash_labels, path_of, write_origin
from fairseq_alignmlm.identity import Identity

GOLD = "w1\tNOUN\nw2\tVERB\n\nw3\tNOUN\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Gold labels, predictions and the checkpoint that made them, fine-tuned on English."""
    found = {name: tmp_path / name for name in ("valid.tsv", "test-xx.tsv", "model.pt", "other.pt")}
    found["valid.tsv"].write_text(GOLD)
    found["test-xx.tsv"].write_text("NOUN\nNOUN\n\nNOUN\n")
    for name in ("model.pt", "other.pt"):
        found[name].write_text(name)
    data, trained = Identity(language="xx"), Identity(language="en")
    write_origin(found["test-xx.tsv"], found["model.pt"], data, trained, found["valid.tsv"], tags=True)
    return found


def run(files: dict[str, Path], *more: object, language: str = "xx") -> dict:
    parser = ArgumentParser()
    score.add_arguments(parser)
    output = files["valid.tsv"].parent / "score.json"
    common = ("--task", "udpos", "--predictions", files["test-xx.tsv"], "--gold", files["valid.tsv"])
    arguments = [*common, "--language", language, "--json", output, *more]
    assert score.run(parser.parse_args([str(argument) for argument in arguments])) == 0
    return json.loads(output.read_text())


def test_predictions_with_and_without_a_record_are_scored_and_the_result_says_which(files):
    assert run(files, "--model", files["model.pt"], "--source-language", "en")["verified"] == {"xx": True}
    path_of(files["test-xx.tsv"]).unlink()
    assert run(files)["verified"] == {"xx": False}


def test_the_same_labels_behind_other_columns_are_the_same_data(files):
    files["valid.tsv"].write_text("NOUN\nVERB\n\nNOUN\n")
    assert run(files)["verified"] == {"xx": True}


def test_predictions_that_are_not_what_is_said_are_refused(files):
    with pytest.raises(InputError, match=r"test-xx.tsv: was predicted by another checkpoint than --model"):
        run(files, "--model", files["other.pt"])
    with pytest.raises(InputError, match="is scored with language yy, its record says xx"):
        run(files, language="yy")
    with pytest.raises(InputError, match="is scored with --source-language fr, its record says en"):
        run(files, "--source-language", "fr")
    files["valid.tsv"].write_text(GOLD.replace("VERB", "ADJ"))
    with pytest.raises(InputError, match=r"test-xx.tsv: was predicted for other data than .*valid.tsv; predict again"):
        run(files)
    files["valid.tsv"].write_text(GOLD)
    files["test-xx.tsv"].write_text("NOUN\nVERB\n\nNOUN\n")
    with pytest.raises(
        InputError, match=r"was changed after it was predicted; predict again, or remove test-xx.tsv.or"
    ):
        run(files)


def test_a_broken_record_is_told(files):
    path_of(files["test-xx.tsv"]).write_text("{}")
    with pytest.raises(InputError, match=r"test-xx.tsv.origin.json: no record of predictions"):
        run(files)


def test_labels_of_examples_count_by_their_last_column_in_xtreme_s_spelling(tmp_path):
    (tmp_path / "a.tsv").write_text("p\th\tcontradictory\np\th\tneutral\n")
    (tmp_path / "b.tsv").write_text("contradiction\nneutral\n")
    assert hash_labels(tmp_path / "a.tsv", tags=False) == hash_labels(tmp_path / "b.tsv", tags=False)
    (tmp_path / "b.tsv").write_text("neutral\ncontradiction\n")
    assert hash_labels(tmp_path / "a.tsv", tags=False) != hash_labels(tmp_path / "b.tsv", tags=False)
