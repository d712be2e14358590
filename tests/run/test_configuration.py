"""The typed configuration: scales, overrides, and files that are only ever data."""

from __future__ import annotations

import dataclasses

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.configuration import Block, Configuration, Finetuning, Pretraining, load, scale_names
from fairseq_alignmlm.run.flags import block_flags, flags, optimisation_flags
from fairseq_alignmlm.run.objectives import objective_named
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file


def test_the_defaults_are_the_papers_and_the_scale_paper_adds_only_how_it_runs():
    pretrain, finetune = Pretraining(), Finetuning()
    assert pretrain.blocks == [Block(512, 128, 500_000)]
    assert (pretrain.lr, pretrain.warmup_updates, pretrain.betas, pretrain.eps) == (1e-4, 10_000, [0.9, 0.98], 1e-6)
    assert (finetune.lr, finetune.batch, finetune.epochs, finetune.classification_epochs) == (2e-5, 32, 10, 5)
    name, paper = load("paper")
    assert name == "paper"
    paper.model.options = {}
    paper.pretrain.options = {}
    assert paper == Configuration()


@pytest.mark.parametrize("name", scale_names())
def test_every_scale_is_complete_and_can_be_overridden(name):
    _, found = load(name, ["pretrain.lr=3e-3", "objective.align_alpha=1", "pretrain.blocks=[{tokens: 8, until: 3}]"])
    assert found.pretrain.lr == 3e-3
    assert found.objective["align_alpha"] == 1.0
    assert found.pretrain.blocks == [Block(8, 128, 3)]


def test_a_file_of_ones_own_is_a_scale_named_after_it(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("data: {vocabulary: 77}\n")
    name, found = load(str(path))
    assert name == "mine"
    assert found == dataclasses.replace(Configuration(), data=dataclasses.replace(Configuration().data, vocabulary=77))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("pretrain.lr=fast", "--set pretrain.lr=fast: Value 'fast'"),
        ("pretrain.rate=1", "Key 'rate' not in 'Pretraining'"),
        ("data.vocabulary=1;touch X", "could not be converted to Integer"),
        ("pretrain.lr=-1", "pretrain.lr: -1.0 is no number of 0 or more"),
        ("pretrain.lr=nan", "pretrain.lr: nan is no number of 0 or more"),
        ("pretrain.blocks=[]", "pretrain.blocks: is empty"),
        ("pretrain.blocks=[{tokens: 8, until: 5}, {tokens: 16, until: 5}]", "until has to grow"),
        ("pretrain.options.user_dir=/tmp/evil", "pretrain.options.user_dir: has a setting of its own"),
        ("model.options.x=\"__import__('os').system('true')\"", "is no number, truth value or plain word"),
        ("objective.nonsense=1", "objective.nonsense: no objective has it"),
        ("data.seed=${oc.env:HOME}", "give NAME=VALUE"),
        ("alpha", "give NAME=VALUE"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(override, message):
    with pytest.raises(InputError) as caught:
        load("toy", [override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system ['touch executed']", "no settings (could not determine a constructor"),
        ("a: &x [1, 2]\nb: [*x, *x]", "an alias"),
        ("data: {seed: '${oc.env:HOME}'}", "interpolation"),
        ("- a\n- b", "holds no settings"),
        ("a: [1, 2", "no settings"),
        ("[" * 5000, "no settings"),
    ],
)
def test_a_settings_file_is_data_and_nothing_else(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"evil\.yaml") as caught:
        read_settings_file(path)
    assert message in str(caught.value)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["evil.yaml"]


def test_settings_are_written_as_they_are_read_and_left_alone_when_they_are_the_same(tmp_path):
    path = tmp_path / "configuration.yaml"
    settings = load("toy")[1].as_dict() | {"text": "a: b # c", "empty": None}
    write_settings_file(path, settings)
    assert read_settings_file(path) == settings
    before = path.stat().st_ino
    write_settings_file(path, settings)
    assert path.stat().st_ino == before


def test_no_value_can_become_an_option():
    hostile = "--user-dir=/tmp/evil"
    assert flags({"activation_fn": hostile, "yes": True, "no": False, "lr": 1e-4}) == [
        f"--activation-fn={hostile}",
        "--yes",
        "--lr=0.0001",
    ]


def test_the_options_of_an_objective_come_from_its_row_and_the_configuration():
    _, toy = load("toy")
    short, long = toy.pretrain.pair_blocks
    xlm = objective_named("xlm")
    assert "--tlm-without-pairs" in block_flags(toy, xlm, short, {"tlm_ratio": 0.25})
    found = block_flags(toy, xlm, long, {"tlm_ratio": 0.25})
    assert "--tlm-without-pairs" not in found and "--tlm-ratio=0.25" in found and "--criterion=tlm" in found
    assert {"--adam-betas=(0.9, 0.98)", "--lr=0.002", "--num-workers=0"} <= set(optimisation_flags(toy.pretrain))
