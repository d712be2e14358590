"""``ordering`` and ``derive --transform syn`` as a user runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.languages.syntax.conllu import read_sentences

Prepare = Callable[..., int]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, prepare: Prepare) -> Path:
    """Toy text with trees, the same trees in French-like order, and models of both orders."""
    folder = tmp_path_factory.mktemp("toy")
    sizes = ("--output", folder, "--sentences", 300, "--valid-sentences", 40, "--seed", 1, "--workers", 1)
    few = ("--labelled-train", 5, "--labelled-dev", 5, "--pairs-train", 5, "--pairs-dev", 5)
    assert prepare("toy", *sizes, *few) == 0
    assert prepare("toy", *sizes, "--word-order", "french", "--name", "fr") == 0
    for language in ("en", "fr"):
        trees = folder / "trees" / language
        train = ("ordering", "train", "--trees", trees / "train.conllu", "--held-out", trees / "valid.conllu")
        assert prepare(*train, "--language", language, "--output", folder / "models", "--iterations", 40) == 0
    return folder


def syn(toy: Path, *more: str) -> str:
    return ",".join(["syn:noun=fr", "verb=fr", f"models={toy / 'models'}", *more])


def derived(toy: Path, split: str = "train", name: str = "en_trans_syn") -> list[list[str]]:
    text = (toy / "text" / name / f"{split}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


def test_toy_english_is_put_into_a_new_order_line_by_line(toy, prepare):
    arguments = ("derive", "--pair", toy, "--derived", "en_trans_syn", "--transform", syn(toy), "--workers", 1)
    assert prepare(*arguments) == 0
    english, reordered = derived(toy, name="en"), derived(toy)
    assert [sorted(words) for words in english] == [sorted(words) for words in reordered]
    counts = json.loads((toy / "text" / "en_trans_syn" / "manifest.json").read_text())["counts"]
    assert counts["train"]["sentences"] == 300 and counts["train"]["reordered"] > 150


def test_any_number_of_workers_writes_the_same_bytes(toy, prepare, monkeypatch):
    monkeypatch.setattr("data_prep.text.line_blocks.BLOCK_BYTES", 4096)
    for name, workers in (("en_trans_syn1", 1), ("en_trans_syn2", 2)):
        assert prepare("derive", "--pair", toy, "--derived", name, "--transform", syn(toy), "--workers", workers) == 0
    assert derived(toy, name="en_trans_syn1") == derived(toy, name="en_trans_syn2")


def test_the_order_of_a_language_has_its_statistics(toy, prepare, capsys, tmp_path):
    trees = toy / "trees" / "en" / "valid.conllu"
    models = ("--noun", "fr", "--verb", "fr", "--models", toy / "models")
    beside = ("--beside", f"toy French={toy / 'trees' / 'fr' / 'valid.conllu'}")
    out = ("--json", tmp_path / "s.json", "--figure", tmp_path / "s.png", "--examples", 1, 2, "--published")
    assert prepare("ordering", "statistics", *models, "--trees", trees, *beside, *out) == 0
    assert "adjective after noun" in capsys.readouterr().out
    found = json.loads((tmp_path / "s.json").read_text())
    name = "adjective after noun"
    assert found["as it is"][name] < 10
    # Of some forty adjectives: three standard errors are about 22 points.
    assert found["fr~fr"][name] == pytest.approx(found["toy French"][name], abs=25)
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_a_language_scores_best_under_its_own_models(toy, prepare, capsys):
    found = {}
    for language in ("en", "fr"):
        models = ("--noun", language, "--verb", language, "--models", toy / "models")
        assert prepare("ordering", "score", *models, "--trees", toy / "trees" / "fr" / "valid.conllu") == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("both: "))
        found[language] = float(line.split("log p ")[1].split(",")[0])
    assert found["fr"] > found["en"] + 0.5


def test_permuted_trees_are_trees_of_the_same_sentences(toy, prepare, tmp_path):
    trees = toy / "trees" / "en" / "valid.conllu"
    models = ("--noun", "fr", "--verb", "fr", "--models", toy / "models", "--trees", trees)
    assert prepare("ordering", "permute", *models, "--output", tmp_path / "a.conllu") == 0
    before, after = list(read_sentences(trees)), list(read_sentences(tmp_path / "a.conllu"))
    assert [sorted(tree.words) for tree in before] == [sorted(tree.words) for tree in after]
    assert [len(tree.heads) for tree in before] == [len(tree.heads) for tree in after]


def test_compatible_trees_are_those_of_the_published_tool(shared_data, prepare, tmp_path):
    gd = shared_data / "gd"
    models = ("--noun", "fr", "--verb", "hi", "--models", gd / "models", "--trees", gd / "toy" / "sample.conllu")
    assert prepare("ordering", "permute", "--compatible", *models, "--output", tmp_path / "a.conllu") == 0
    assert (tmp_path / "a.conllu").read_bytes() == (gd / "toy" / "sample-en~fr@N~hi@V.conllu").read_bytes()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("syn:noun=fr", "needs verb=..."),
        ("syn:noun=xx,verb=fr,models={models}", "no noun ordering model of 'xx'; languages there: en, fr"),
        ("syn:noun=fr,verb=fr,models={models},share=2", "not a number from 0 to 1"),
        ("syn:noun=fr,verb=fr,models={models},colour=red", "cannot use 'colour=red'"),
        (
            "syn:noun=fr,verb=fr,models={models},old/x",
            "'old/x' after a comma is no KEY=VALUE; commas separate settings",
        ),
        ("syn:noun=fr,verb=fr,models={models},substrate=de", "no noun ordering model of 'de'"),
    ],
)
def test_bad_settings_are_refused_in_one_line(toy, prepare, capsys, setting, message):
    setting = setting.format(models=toy / "models")
    assert prepare("derive", "--pair", toy, "--derived", "en_bad", "--transform", setting, "--workers", 1) == 2
    error = capsys.readouterr().err.strip()
    assert message in error and error.startswith("error: ") and "\n" not in error
    assert not (toy / "text" / "en_bad").exists()


def test_a_bad_tree_stops_the_derivation_in_one_line_and_leaves_nothing(toy, prepare, capsys, tmp_path):
    trees = tmp_path / "trees"
    trees.mkdir()
    for split in ("train", "valid"):
        text = (toy / "trees" / "en" / f"{split}.conllu").read_text(encoding="utf-8")
        (trees / f"{split}.conllu").write_text(text.replace("\t0\troot", "\t1\troot", 1), encoding="utf-8")
    bad = ("--derived", "en_bad", "--transform", syn(toy), "--trees", trees, "--workers", 1)
    assert prepare("derive", "--pair", toy, *bad) == 2
    error = capsys.readouterr().err.strip()
    assert "train.conllu:" in error and ("no root" in error or "cycle" in error) and "\n" not in error
    assert not (toy / "text" / "en_bad").exists()
