"""Objectives that start from another's checkpoint: what is trained where, in what order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import Parser
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import run_steps, stages, training
from fairseq_alignmlm.run.configuration import load
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.flags import blocks_of
from fairseq_alignmlm.run.objectives import objective_named
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes import languages
from fairseq_alignmlm.run.recipes.options import objectives_of


@pytest.fixture
def experiment(tmp_path, tiny):
    root = tmp_path / "pair"
    for name in ("bin/dict.txt", "bin/en/train.bin", "bin/xx/train.bin", "dictionary.25.tsv", "counterparts.tsv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("w 1\n")
    (root / "parallel").mkdir()
    pair = PairFolder(root, ("en", "xx"), "trans+inv", "tiny")

    def make(name: str, seed: int = 1, **changes) -> Experiment:
        _, configuration = load(str(tiny), [f"objective.{key}={value}" for key, value in changes.items()])
        return Experiment(pair, configuration, load(str(tiny))[1], objective_named(name), seed, ())

    return make


@pytest.fixture
def trained(monkeypatch):
    """Every call of fairseq-train writes a checkpoint that says what it was called with."""
    calls = []

    def train(self, command, what, until=None):
        values = dict(word[2:].split("=", 1) for word in command if word.startswith("--") and "=" in word)
        calls.append(values)
        path = Path(values["save-dir"]) / "checkpoint_last.pt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{values['criterion']} after {values.get('finetune-from-model', 'nothing')}")
        return 1.0

    monkeypatch.setattr(training.Trainer, "train", train)
    return calls


def test_two_runs_share_the_one_that_they_start_from(experiment, trained):
    runs = [experiment(name) for name in ("ppa_moco", "xlco", "mlm")]
    for run in runs:
        run_steps.run(run, "pretrain")
    assert [each["criterion"] for each in trained] == ["mlm", "mlm", "sentence_contrast", "xlco"]  # two blocks of MLM
    start = str(runs[2].folder / "pretrained.pt")
    assert [each.get("finetune-from-model") for each in trained] == [None, None, start, start]
    assert trained[2]["tokens-per-sample"] == "64" and trained[2]["instances"] == "lines"
    assert (trained[2]["lr"], trained[2]["contrast-queue"]) == ("0.001", "20")
    assert all(run_steps.is_trained(run) for run in runs)
    for run in runs:
        run_steps.run(run, "pretrain")
    assert len(trained) == 4


def test_prealign_trains_words_then_switched_text(experiment, trained):
    run = experiment("prealign")
    run_steps.run(run, "pretrain")
    assert [each["criterion"] for each in trained] == ["dictionary_contrast", "code_switched_mlm", "code_switched_mlm"]
    assert trained[1]["finetune-from-model"].endswith("runs/dictionary_contrast-1/pretrained.pt")
    assert "restore-file" in trained[2] and "finetune-from-model" not in trained[2]
    assert trained[0]["dictionary-temperature"] == "0.1" and trained[1]["code-switch-prob"] == "0.05"
    assert run.settings == {"dictionary_temperature": 0.1, "code_switch_prob": 0.05}
    assert run.name == "prealign-1"
    assert experiment("prealign", dictionary_temperature=0.2).name == "prealign.temperature0.2-1"
    assert experiment("prealign", dictionary_temperature=0.2).start.name == "dictionary_contrast.temperature0.2-1"


def test_words_can_be_counted_so_that_all_objectives_have_equally_many_updates(experiment):
    run = experiment("prealign")
    assert [block.until for block in blocks_of(run.configuration, run.objective)] == [4, 8]
    run.configuration.prealign.counted, run.configuration.prealign.blocks[0].until = True, 3
    assert [block.until for block in blocks_of(run.configuration, run.objective)] == [1, 5]
    assert [block.until for block in blocks_of(run.configuration, objective_named("mlm"))] == [4, 8]
    run.configuration.prealign.blocks[0].until = 4
    with pytest.raises(InputError, match=r"its 4 updates leave none of the first 4 .* give prealign\.blocks fewer"):
        blocks_of(run.configuration, run.objective)


def test_another_start_makes_a_run_stale_and_other_settings_of_it_are_refused(experiment, trained):
    run = experiment("ppa_moco")
    run_steps.run(run, "pretrain")
    start = run.start.folder / "pretrained.pt"
    start.unlink()
    start.write_text("another")
    assert not run_steps.is_trained(experiment("ppa_moco"))
    other = experiment("ppa_moco")
    other.configuration.pretrain.lr = 0.5
    with pytest.raises(InputError, match="made with other settings"):
        run_steps.run(other, "pretrain")


def test_starts_are_trained_first_and_once_when_runs_are_made_side_by_side(experiment, trained, monkeypatch):
    monkeypatch.setattr(run_steps, "steps", lambda run: iter([run_steps._pretrain(run)]))
    runs = [experiment(name, seed) for seed in (1, 2) for name in ("mlm", "ppa_moco", "xlco")]
    stages.run_all(runs, 4, 4)
    criterions = [each["criterion"] for each in trained]
    assert sorted(criterions[:4]) == ["mlm"] * 4 and sorted(criterions[4:]) == ["sentence_contrast"] * 2 + ["xlco"] * 2


def test_all_leaves_out_what_is_trained_by_name(monkeypatch):
    class Arguments:
        objective = "all"

    assert [row.name for row in objectives_of(Arguments)] == ["mlm", "xlm", "dict_mlm", "align_mlm"]
    Arguments.objective = "prealign,ppa_moco"
    assert [row.name for row in objectives_of(Arguments)] == ["prealign", "ppa_moco"]


def test_circles_and_other_models_are_refused(experiment, monkeypatch):
    run = experiment("ppa_moco")
    for name, changes, message in (
        ("mlm", {"starts_from": "ppa_moco"}, "start from each other in a circle"),
        ("mlm", {"language_ids": True}, "only one of them has language embeddings"),
    ):
        changed = replace(objective_named(name), **changes)
        table = {"mlm": changed, "ppa_moco": run.objective}
        monkeypatch.setattr("fairseq_alignmlm.run.experiment.objective_named", table.__getitem__)
        with pytest.raises(InputError, match=message):
            _ = experiment("ppa_moco").start


def test_languages_without_a_trained_model_have_nothing_to_start_from(tmp_path):
    parser = Parser()
    languages.add_arguments(parser, "languages")
    words = [f"--work={tmp_path / 'work'}", "--objective=mlm,ppa_moco"]
    for name in ("en", "fr"):
        (tmp_path / name).write_text("some text\n")
        words.append(f"--text={name}={tmp_path / name}")
    args = parser.parse_args(words)
    with pytest.raises(InputError, match="objective ppa_moco starts from a trained model: give --checkpoint"):
        languages.run(args)
    assert not (tmp_path / "work").exists()
