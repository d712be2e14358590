"""Real `fairseq-train` runs: what is optimised does not depend on how the work is cut up."""

from __future__ import annotations

import math
from argparse import Namespace

import pytest
import torch

pytestmark = pytest.mark.slow

ALIGN = ("--criterion", "align_mlm", "--align-alpha", "10", "--dropout", "0", "--attention-dropout", "0")


def updates(entries: list[dict]) -> dict[int, dict]:
    """Entries of single updates by number; validation entries carry a valid_loss instead."""
    return {int(e["num_updates"]): e for e in entries if "loss" in e and "num_updates" in e}


def align_options(training) -> tuple[str, ...]:
    return (*ALIGN, "--dictionary", str(training.pair / "dictionary.25.tsv"))


def test_mlm_trains_with_the_stock_criterion_and_validates_every_language(training):
    entries = training.logs("--criterion", "masked_lm", "--batch-size", "8", "--max-update", "3")
    validation = [entry for entry in entries if "valid_loss" in entry][-1]
    assert float(validation["valid_loss_en"]) > 0
    assert float(validation["valid_loss_xx"]) > 0


def final_weights(path) -> dict[str, torch.Tensor]:
    with torch.serialization.safe_globals([Namespace]):
        return torch.load(path / "checkpoint_last.pt", weights_only=True)["model"]


def test_one_batch_two_microbatches_and_two_workers_optimise_the_same_quantity(training, eight_instances):
    # Validation has one batch of each language: two workers never hold the same one.
    common = (*align_options(training), "--max-update", "4", "--batch-size-valid", "4", "--no-epoch-checkpoints")
    common = (*common, "--optimizer", "sgd", "--lr", "0.1", "--lr-scheduler", "fixed")
    ways = {
        "one batch of 8": ("--batch-size", "8"),
        "two microbatches of 4": ("--batch-size", "4", "--update-freq", "2"),
        "two workers of 4": (*("--batch-size", "4", "--distributed-backend", "gloo"), *("--ddp-backend", "legacy_ddp")),
    }
    found, weights, validations = {}, {}, {}
    for name, options in ways.items():
        launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2") if "workers" in name else ()
        folder = training.folder / name.replace(" ", "-")
        entries = training.logs(*common, *options, "--save-dir", str(folder), data=eight_instances, launcher=launcher)
        found[name], weights[name] = updates(entries), final_weights(folder)
        validations[name] = [entry for entry in entries if "valid_loss" in entry]
    reference = found.pop("one batch of 8")
    assert len(reference) == 4
    for name, other in found.items():
        for number, entry in reference.items():
            for key in ("loss", "mlm_loss", "align_loss", "gnorm"):
                # Printed with three digits. The losses after the first update depend on the gradients before.
                assert float(other[number][key]) == pytest.approx(float(entry[key]), abs=1.1e-3), (name, number, key)
        for validation, right in zip(validations[name], validations["one batch of 8"], strict=True):
            for key in ("valid_loss", "valid_mlm_loss", "valid_align_loss", "valid_loss_en", "valid_loss_xx"):
                assert float(validation[key]) == pytest.approx(float(right[key]), abs=1.1e-3), (name, key)
        for key, value in weights["one batch of 8"].items():
            # Plain gradient descent: equal weights after four updates are equal gradients.
            torch.testing.assert_close(weights[name][key], value, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("backend", ["legacy_ddp", "pytorch_ddp"])
def test_a_worker_without_a_batch_still_does_its_part_of_the_alignment_loss(training, eight_instances, backend):
    common = (*align_options(training), "--max-update", "4", "--disable-validation", "--no-epoch-checkpoints")
    common = (*common, "--optimizer", "sgd", "--lr", "0.1", "--lr-scheduler", "fixed", "--batch-size", "3")
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    ways = {
        "one": (("--update-freq", "2"), ()),
        "two": (("--distributed-backend", "gloo", "--ddp-backend", backend), launcher),
    }
    found, weights = {}, {}
    for name, (options, command) in ways.items():
        folder = training.folder / name
        entries = training.logs(*common, *options, "--save-dir", str(folder), data=eight_instances, launcher=command)
        found[name], weights[name] = updates(entries), final_weights(folder)
    # Eight instances make three batches: every second update has one of them, and the second worker none.
    assert [entry["bsz"] for entry in found["two"].values()] == [entry["bsz"] for entry in found["one"].values()]
    assert all(int(found["two"][number]["bsz"]) <= 3 for number in (2, 4))
    for number, entry in found["one"].items():
        # fairseq leaves out what the worker without a batch logs: the alignment is then that of the other's entries.
        for key in ("mlm_loss", "gnorm", *(("loss", "align_loss", "cosine") if number % 2 else ())):
            assert float(found["two"][number][key]) == pytest.approx(float(entry[key]), abs=1.1e-3), (number, key)
    for key, value in weights["one"].items():
        torch.testing.assert_close(weights["two"][key], value, atol=1e-6, rtol=1e-5)


def test_resuming_after_20_of_40_updates_repeats_40_in_a_row(training):
    dictionary = str(training.pair / "dictionary.25.tsv")
    # With dropout, whose masks must be the same ones as well.
    common = ("--criterion", "align_mlm", "--dictionary", dictionary, "--batch-size", "8", "--disable-validation")
    whole = updates(training.logs(*common, "--max-update", "40", "--save-dir", "whole"))
    training.logs(*common, "--max-update", "20", "--save-dir", "parts")
    rest = updates(training.logs(*common, "--max-update", "40", "--save-dir", "parts"))
    assert sorted(rest) == list(range(21, 41))
    for number, entry in rest.items():
        assert (entry["loss"], entry["gnorm"]) == (whole[number]["loss"], whole[number]["gnorm"]), number


def test_alignment_loss_falls_and_validation_logs_alignment_scores(training):
    options = (*align_options(training), "--counterparts", str(training.pair / "counterparts.tsv"))
    entries = training.logs(*options, "--batch-size", "8", "--max-update", "30", "--lr", "0.01")
    trained = updates(entries)
    assert float(trained[30]["align_loss"]) < float(trained[1]["align_loss"]) - 0.3
    validation = [entry for entry in entries if "valid_loss" in entry][-1]
    assert float(validation["valid_alignment_dictionary"]) > 50
    assert float(validation["valid_cosine"]) == pytest.approx(-float(validation["valid_align_loss"]))
    total = float(validation["valid_mlm_loss"]) + 10 * float(validation["valid_align_loss"]) / math.log(2)
    assert float(validation["valid_loss"]) == pytest.approx(total, abs=0.01)
