"""The contrast of sentences in real runs: workers, resuming, starting from a checkpoint, and what is refused."""

from __future__ import annotations

import pytest
import torch

TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
CONTRAST = ("--criterion", "sentence_contrast", "--contrast-shortest", "3", "--contrast-queue", "40")
FAST = ("--disable-validation", "--no-epoch-checkpoints", "--tokens-per-sample", "32")
EXACT = ("--dropout", "0", "--attention-dropout", "0", "--optimizer", "sgd", "--lr", "0.1", "--lr-scheduler", "fixed")


def updates(entries):
    return {int(entry["num_updates"]): entry for entry in entries if "ups" in entry}


def state_of(folder):
    return torch.load(folder / "checkpoint_last.pt", weights_only=False)


def assert_same(left, right, **tolerance):
    assert left["task_state"]["kept"].keys() == right["task_state"]["kept"].keys()
    kept = [state["task_state"]["kept"]["sentence_contrast"] for state in (left, right)]
    for part in ("queue", "slow"):
        assert (part in kept[0]) == (part in kept[1])
    if "queue" in kept[0]:
        assert [kept[0]["queue"][name] for name in ("next", "filled", "seen")] == [
            kept[1]["queue"][name] for name in ("next", "filled", "seen")
        ]
        torch.testing.assert_close(kept[0]["queue"]["rows"], kept[1]["queue"]["rows"], **tolerance)
    if "slow" in kept[0]:
        assert kept[0]["slow"]["update"] == kept[1]["slow"]["update"]
        torch.testing.assert_close(kept[0]["slow"]["weights"], kept[1]["slow"]["weights"], **tolerance)
    torch.testing.assert_close(dict(left["model"]), dict(right["model"]), **tolerance)
    torch.testing.assert_close(dict(left["criterion"] or {}), dict(right["criterion"] or {}), **tolerance)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("--contrast-negatives", "queue", "--contrast-momentum", "0.9"),
        ("--contrast-negatives", "batch", "--contrast-keys", "trained", "--contrast-projection", "none"),
    ],
)
def test_two_workers_make_the_updates_of_one(training, settings):
    common = (
        *CONTRAST,
        *FAST,
        *EXACT,
        *settings,
        "--curriculum",
        "1000",
        "--max-update",
        "12",
        "--contrast-monolingual",
    )
    backends = ("--distributed-backend", "gloo", "--ddp-backend")
    ways = {
        "one": (("--batch-size", "8"), ()),
        "pytorch": (("--batch-size", "4", *backends, "pytorch_ddp"), TWO),
        "legacy": (("--batch-size", "4", *backends, "legacy_ddp"), TWO),
    }
    logs, states = {}, {}
    for name, (options, launcher) in ways.items():
        folder = training.folder / name
        logs[name] = updates(training.logs(*common, *options, "--save-dir", str(folder), launcher=launcher))
        states[name] = state_of(folder)
    for name in ("pytorch", "legacy"):
        for number, entry in logs["one"].items():
            for key in ("loss", "mlm_loss", "contrast_loss", "gnorm"):
                one, two = (float(each.get(key) or 0) for each in (entry, logs[name][number]))  # none without pairs
                assert two == pytest.approx(one, abs=2e-3), (name, number, key)
        assert_same(states[name], states["one"], atol=1e-4, rtol=1e-3)


@pytest.mark.slow
def test_micro_batches_with_a_queue_put_in_what_the_whole_batch_does(training):
    common = (*CONTRAST, *FAST, *EXACT, "--curriculum", "1000", "--max-update", "6")
    for name, options in {"one": ("8",), "micro": ("4", "--update-freq", "2")}.items():
        training.logs(*common, "--batch-size", *options, "--save-dir", str(training.folder / name))
    queues = [
        state_of(training.folder / name)["task_state"]["kept"]["sentence_contrast"]["queue"]
        for name in ("one", "micro")
    ]
    assert [queues[0][name] for name in ("next", "filled", "seen")] == [
        queues[1][name] for name in ("next", "filled", "seen")
    ]


def test_resuming_repeats_a_run_in_one_go_exactly(training):
    # With dropout, whose masks must be the same ones as well.
    common = (*CONTRAST, *FAST, "--batch-size", "8", "--contrast-momentum", "0.9", "--contrast-queue", "30")
    whole = updates(training.logs(*common, "--max-update", "14", "--save-dir", "whole"))
    training.logs(*common, "--max-update", "7", "--save-dir", "parts")
    rest = updates(training.logs(*common, "--max-update", "14", "--save-dir", "parts"))
    assert sorted(rest) == list(range(8, 15))
    for number, entry in rest.items():
        for key in ("loss", "contrast_loss", "contrast_accuracy", "gnorm"):
            assert entry[key] == whole[number][key], (number, key)
    states = [state_of(training.folder / name) for name in ("whole", "parts")]
    assert_same(*states, atol=0, rtol=0)
    assert states[0]["task_state"]["kept"]["sentence_contrast"]["queue"]["seen"] > 30  # once around


def test_a_run_starts_from_the_weights_of_mlm_and_validates(training):
    training.logs(
        "--criterion", "mlm", "--batch-size", "8", "--max-update", "4", "--save-dir", "mlm", "--disable-validation"
    )
    start = ("--finetune-from-model", "mlm/checkpoint_last.pt", "--save-dir", "ppa", "--batch-size", "8")
    entries = training.logs(*CONTRAST, *start, "--max-update", "3", "--lr", "1e-6", "--tokens-per-sample", "32")
    before, after = (state_of(training.folder / name)["model"] for name in ("mlm", "ppa"))
    assert max((after[name] - weight).abs().max() for name, weight in before.items()) < 1e-4
    validation = next(entry for entry in entries if "valid_loss" in entry)
    assert {"valid_contrast_loss", "valid_mlm_loss", "valid_loss_en", "valid_loss_tlm_en-xx"} <= validation.keys()


def test_what_cannot_be_done_is_refused_in_one_line(training):
    def told(*options):
        done = training.run(*options, *FAST, "--batch-size", "8", "--max-update", "2")
        assert done.returncode != 0
        return [line for line in done.stderr.split("\n") if line.strip()][-1]

    line = told("--criterion", "sentence_contrast", "--contrast-shortest", "30")
    assert "no sentence pair fits" in line and "allow shorter sides" in line
    training.logs(*CONTRAST, *FAST, "--batch-size", "8", "--max-update", "2", "--save-dir", "run")
    other = (*CONTRAST[:-1], "20", "--save-dir", "run")
    assert "the queue of the checkpoint is 40 x 16, now 20 x 16" in told(*other)
