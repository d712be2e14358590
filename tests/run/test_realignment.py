"""The steps of realignment: what is trained from what, and what is refused."""

from __future__ import annotations

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import transfer_task
from fairseq_alignmlm.run.configuration import load
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.objectives import objective_named
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.realignment import WAYS, Links, steps


@pytest.fixture
def run(tmp_path, tiny):
    """A run of a pair with a folder of linked sentences; nothing is trained."""
    pair = PairFolder(tmp_path / "pair", ("en", "xx"), "trans+inv", "tiny")
    (pair.root / "links" / "gold").mkdir(parents=True)
    (pair.root / "links" / "gold" / "dict.txt").write_text("a 1\n")
    data = pair.labelled_data("udpos", "en")
    data.mkdir(parents=True)
    (data / "train.tsv").write_text("a\tX\n\n" * 120)
    _, configuration = load(str(tiny), ["realign.weight=0.2", "finetune.lr=0.5"])
    _, base = load(str(tiny))
    return Experiment(pair, configuration, base, objective_named("mlm"), 3, (transfer_task("pos"),))


def commands(run, name, links):
    found = list(steps(run, name, links))
    return {step.name: step.commands[0] if step.commands else [] for step in found}


def links_of(run):
    return Links.of(run.pair, str(run.pair.root / "links" / "gold"), 25.0, 0.0, 1)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_every_way_fine_tunes_on_l1_and_tests_both_languages(run, name):
    found = commands(run, name, links_of(run))
    assert list(found)[-4:] == [
        f"finetune.realign.gold.{name}.pos.en",
        f"score.realign.gold.{name}.pos.en.en",
        f"score.realign.gold.{name}.pos.en.xx",
        f"realigned.gold.{name}",
    ]
    assert f"--save-dir={run.folder}/realign/gold/{name}/pos/en" in found[f"finetune.realign.gold.{name}.pos.en"]


def test_before_realigns_the_pre_trained_model_for_as_many_updates_as_fine_tuning(run):
    found = commands(run, "front", links_of(run))
    realign, tune = found["realign.gold.front.pos"], found["finetune.realign.gold.front.pos.en"]
    assert f"--finetune-from-model={run.folder}/pretrained.pt" in realign
    assert {"--task=realignment", "--freeze=front", "--max-update=3", "--batch-size=16"} <= set(realign)  # 120 / 50
    last = {option.split("=")[0]: option for option in realign}  # of an option given twice, the last counts
    assert last["--lr"] == "--lr=0.5" and last["--end-learning-rate"] == "--end-learning-rate=0.5"
    assert last["--weight-decay"] == "--weight-decay=0.0"
    assert f"--finetune-from-model={run.folder}/realign/gold/front/pos/realigned.pt" in tune
    assert not [option for option in tune if "realignment" in option]


def test_during_adds_the_loss_to_fine_tuning(run):
    (tune,) = [command for name, command in commands(run, "during_back", links_of(run)).items() if "finetune" in name]
    assert {"--criterion=task_with_realignment", "--realignment-weight=0.2", "--freeze=back"} <= set(tune)
    assert f"--finetune-from-model={run.folder}/pretrained.pt" in tune
    assert f"--links={run.pair.root}/links/gold" in tune and "--alone" not in tune


def test_after_realigns_what_was_fine_tuned(run):
    (tune,) = [command for name, command in commands(run, "after", links_of(run)).items() if "finetune" in name]
    assert f"--finetune-from-model={run.folder}/pos/en/finetuned.pt" in tune
    assert "--alone" in tune


def test_alignment_is_measured_before_and_after_fine_tuning_with_and_without_realignment(run):
    found = {step.name: step for step in steps(run, "before", links_of(run), measured=True)}
    measured = {name.removeprefix("measure.realign.gold."): step for name, step in found.items() if "measure" in name}
    checkpoints = {name: str(step.inputs[0].relative_to(run.folder)) for name, step in measured.items()}
    assert checkpoints == {
        "baseline.pos.start": "pretrained.pt",
        "baseline.pos.tuned": "pos/en/finetuned.pt",
        "before.pos.start": "realign/gold/before/pos/realigned.pt",
        "before.pos.tuned": "realign/gold/before/pos/en/finetuned.pt",
    }
    assert all(f"--linked={run.pair.root}/links/gold" in step.commands[0] for step in measured.values())


def test_links_of_a_derived_pair_are_made_by_their_kind(run):
    gold = Links.of(run.pair, "gold", 25.0, 0.1, 1)
    assert gold.name == "gold.wrong0.1" and "--gold" in gold.step.commands[0]
    dictionary = Links.of(run.pair, "dictionary", 25.0, 0.0, 1)
    assert dictionary.name == "dictionary25" and run.pair.dictionary(25.0) in dictionary.step.inputs


def test_links_that_are_not_there_are_refused(run):
    with pytest.raises(InputError, match="is no folder of linked sentences"):
        Links.of(run.pair, "/nothing", 25.0, 0.0, 1)
    natural = PairFolder(run.pair.root, ("en", "fr"), "natural", "tiny", "natural")
    with pytest.raises(InputError, match="is for derived languages"):
        Links.of(natural, "gold", 25.0, 0.0, 1)
