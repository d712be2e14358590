"""Realignment during and after fine-tuning, through fairseq-train and `predict`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.linked_data import reversed_pairs, write_linked
from tests.training.conftest import Training, _write_binarized
from tests.training.test_finetuning import tagged

pytestmark = pytest.mark.slow

TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
LAYERS = ("--encoder-layers", "2")


@pytest.fixture(scope="module")
def prepared(tiny_pair, tmp_path_factory):
    """A checkpoint, tagged sentences and linked sentences of the tiny pair."""
    training = Training(tiny_pair, tmp_path_factory.mktemp("prepared"))
    arguments = ("--criterion", "mlm", "--batch-size", "8", "--max-update", "2", "--save-dir", "mlm", *LAYERS)
    done = training.run(*arguments, "--disable-validation", "--languages", "en,xx")
    assert done.returncode == 0, done.stderr[-2000:]
    data, vocabulary = training.folder / "pos", tiny_pair / "bin" / "dict.txt"
    tagged(_write_binarized, data)
    (data / "tokens" / "dict.txt").write_text(vocabulary.read_text())
    links = write_linked(training.folder / "links", vocabulary, {"train": reversed_pairs(48, seed=1)})
    return training.folder / "mlm" / "checkpoint_last.pt", data, links


def finetune(training, prepared, *options, launcher=(), start=None, updates=10):
    checkpoint, data, links = prepared
    return training.logs(
        *("--task", "xtreme_tagging", "--criterion", "task_with_realignment", "--links", str(links), *LAYERS),
        *("--finetune-from-model", str(start or checkpoint), "--batch-size", "10", "--max-update", str(updates)),
        *("--disable-validation", "--no-epoch-checkpoints", *options),
        data=data,
        launcher=launcher,
    )


def weights(folder):
    state = torch.load(folder / "checkpoint_last.pt", weights_only=False)
    return state["model"], state["criterion"]


def test_two_workers_make_the_updates_of_one(training, prepared):
    exact = ("--dropout", "0", "--attention-dropout", "0")
    ways = {
        "one": (("--update-freq", "2"), ()),
        "two": (("--distributed-backend", "gloo", "--ddp-backend", "legacy_ddp"), TWO),
    }
    found = {}
    for name, (options, launcher) in ways.items():
        folder = training.folder / name
        finetune(training, prepared, *exact, *options, "--save-dir", str(folder), launcher=launcher, updates=6)
        found[name] = weights(folder)
    for one, two in zip(*found.values(), strict=True):
        assert one.keys() == two.keys()
        for key, value in one.items():
            torch.testing.assert_close(two[key], value, atol=1e-5, rtol=1e-4)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not_and_the_log_has_both_losses(training, prepared):
    common = ("--gradient-interval", "4", "--freeze", "front", "--layer", "2")
    entries = finetune(training, prepared, *common, "--save-dir", "whole")
    finetune(training, prepared, *common, "--save-dir", "parts", updates=7)
    finetune(training, prepared, *common, "--save-dir", "parts")
    for whole, parts in zip(weights(training.folder / "whole"), weights(training.folder / "parts"), strict=True):
        assert all(torch.equal(value, parts[key]) for key, value in whole.items())
    updates = [each for each in entries if "ups" in each]
    assert all({"loss", "accuracy", "realignment_loss", "nearest"} <= each.keys() for each in updates)
    found = {int(each["num_updates"]): each.get("gradient_lower_cosine") for each in updates}
    logged = {update: float(value) for update, value in found.items() if value is not None}
    assert sorted(logged) == [1, 5, 9]
    assert all(-1 <= cosine <= 1 for cosine in logged.values())


def test_a_fine_tuned_model_is_realigned_afterwards_and_keeps_its_head(training, prepared):
    finetune(training, prepared, "--save-dir", "tuned", updates=4)
    start = training.folder / "tuned" / "checkpoint_last.pt"
    finetune(training, prepared, "--alone", "--save-dir", "after", start=start)
    before, after = weights(training.folder / "tuned")[0], weights(training.folder / "after")[0]
    heads = [key for key in before if key.startswith("classification_heads")]
    assert heads and all(torch.equal(before[key], after[key]) for key in heads)
    words = "encoder.sentence_encoder.embed_tokens.weight"
    assert not np.allclose(before[words], after[words])
    command = [sys.executable, "-m", "fairseq_alignmlm", "predict", "--checkpoint", "after/checkpoint_last.pt"]
    command += ["--data", str(prepared[1]), "--output", "tags.tsv"]
    done = subprocess.run(command, cwd=training.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (training.folder / "tags.tsv").read_text().strip()
