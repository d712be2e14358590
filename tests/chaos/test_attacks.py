"""Nothing in a checkpoint is run, whatever it holds and however it is opened."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest
import torch

from tests.chaos import attacks, entry_points, hostile_checkpoints

SAMPLE = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    entry_points.register_plugin()
    logging.getLogger("fairseq").setLevel(logging.ERROR)
    folder = tmp_path_factory.mktemp("attacks")
    attacks.prepare(folder)
    hostile_checkpoints.benign(folder)
    return folder


@pytest.fixture(scope="module")
def pickled(folder) -> dict:
    return dict(hostile_checkpoints.pickle_attacks(folder / "executed"))


@pytest.fixture(scope="module")
def plain(folder) -> dict:
    return dict(hostile_checkpoints.plain_attacks(folder / "executed"))


def opened(attack_list: list[hostile_checkpoints.Attack], entries: dict, folder: Path) -> dict[str, int]:
    counts, failures = attacks.run_attacks(attack_list, entries, folder)
    assert not failures, "\n".join(failures)
    return counts


def test_checkpoints_of_both_kinds_open_by_every_entry_point_that_fits_them(folder):
    for names in (hostile_checkpoints.STOCK, hostile_checkpoints.OWN):
        good = [("benign", lambda path, names=names: torch.save(hostile_checkpoints.benign(folder, names), path))]
        counts = opened(good, entry_points.IN_PROCESS, folder)
        assert counts["ok"] >= 9 and counts["refused"] <= 2  # predict wants a fine-tuned one; own names own data


def test_pickles_that_call_a_function_are_refused(folder, pickled):
    assert len(pickled) > 500
    sample = random.Random(1).sample(list(pickled.items()), SAMPLE)
    counts = opened(sample, {"load": entry_points.IN_PROCESS["load_checkpoint_to_cpu"]}, folder)
    assert counts == {"refused": SAMPLE}


def test_plain_data_that_ask_for_what_evaluates_them_are_refused(folder, plain):
    assert len(plain) > 800
    sample = random.Random(2).sample(list(plain.items()), SAMPLE)
    counts = opened(sample, {"build": entry_points.IN_PROCESS["load_model_ensemble_and_task"]}, folder)
    assert counts["refused"] > 0.9 * SAMPLE  # the others are harmless, and were built


@pytest.mark.parametrize("entry", [*entry_points.IN_PROCESS, *entry_points.COMMANDS])
def test_every_entry_point_refuses_fconv_and_a_malicious_pickle(entry, folder, plain, pickled):
    chosen = [("pickle", pickled["archive: GLOBAL REDUCE os.mkdir"])]
    if entry not in ("alignment", "architecture"):  # which build nothing
        chosen.append(("fconv", plain["cfg.model = fconv"]))
    entries = entry_points.IN_PROCESS | entry_points.COMMANDS
    assert opened(chosen, {entry: entries[entry]}, folder) == {"refused": len(chosen)}


def test_checkpoints_that_would_use_up_memory_or_time_are_refused(folder):
    every = list(hostile_checkpoints.exhausting(folder))
    entry = {"build": entry_points.IN_PROCESS["load_model_ensemble_and_task"]}
    assert opened(every, entry, folder) == {"refused": len(every)}


def test_the_attacks_of_these_tests_do_execute_where_everything_is_trusted(folder, plain, pickled, monkeypatch):
    monkeypatch.setenv("FAIRSEQ_ALIGNMLM_TRUST_CHECKPOINTS", "1")
    chosen = [("fconv", plain["cfg.model = fconv"]), ("mkdir", pickled["archive: GLOBAL REDUCE os.mkdir"])]
    entry = {"build": entry_points.IN_PROCESS["load_model_ensemble_and_task"]}
    counts, _ = attacks.run_attacks(chosen, entry, folder)
    assert counts == {"executed": 2}


def test_names_that_the_user_lists_may_be_asked_for(folder, monkeypatch):
    state = hostile_checkpoints.benign(folder)
    state["cfg"]["criterion"] = {"_name": "cross_entropy"}
    path = folder / "other.pt"
    torch.save(state, path)
    load = entry_points.IN_PROCESS["load_checkpoint_to_cpu"]
    with pytest.raises(ValueError, match="criterion 'cross_entropy', which checkpoints may not ask for"):
        load(path)
    monkeypatch.setenv("FAIRSEQ_ALIGNMLM_ALLOW", "legacy_masked_lm_loss,cross_entropy")
    assert load(path)["cfg"].criterion._name == "cross_entropy"
