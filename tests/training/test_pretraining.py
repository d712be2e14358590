"""Real `fairseq-train` runs: what is optimised does not depend on how the work is cut up."""

from __future__ import annotations

import math

import pytest

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


def test_one_batch_two_microbatches_and_two_workers_optimise_the_same_quantity(training):
    common = (*align_options(training), "--max-update", "4", "--disable-validation")
    one = updates(training.logs(*common, "--batch-size", "8", "--save-dir", "a"))
    micro = updates(training.logs(*common, "--batch-size", "4", "--update-freq", "2", "--save-dir", "b"))
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    gloo = ("--distributed-backend", "gloo", "--ddp-backend", "legacy_ddp")
    workers = updates(training.logs(*common, *gloo, "--batch-size", "4", "--save-dir", "c", launcher=launcher))
    assert len(one) == 4
    for number, entry in one.items():
        # Gradient norms are printed with three digits; the losses of update 2, 3, 4 depend on the gradients before.
        for other in (micro[number], workers[number]):
            for key in ("loss", "mlm_loss", "align_loss", "gnorm"):
                assert float(other[key]) == pytest.approx(float(entry[key]), abs=2e-3), (number, key)


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
