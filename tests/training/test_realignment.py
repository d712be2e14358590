"""Realignment through fairseq-train: it aligns, resumes exactly, needs no number of workers, freezes what it should."""

from __future__ import annotations

import pytest
import torch

from tests.linked_data import reversed_pairs, write_linked
from tests.training.conftest import Training

pytestmark = pytest.mark.slow

TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
LAYERS = ("--encoder-layers", "4")
EXACT = ("--dropout", "0", "--attention-dropout", "0")
LAYER = "encoder.sentence_encoder.layers."


@pytest.fixture(scope="module")
def linked(tiny_pair, tmp_path_factory):
    """Linked sentences of the tiny pair."""
    pairs = {"train": reversed_pairs(96, seed=1), "valid": reversed_pairs(16, seed=2)}
    return write_linked(tmp_path_factory.mktemp("linked"), tiny_pair / "bin" / "dict.txt", pairs)


@pytest.fixture(scope="module")
def pretrained(tiny_pair, tmp_path_factory):
    """A checkpoint of the tiny pair, hardly trained."""
    training = Training(tiny_pair, tmp_path_factory.mktemp("mlm"))
    arguments = ("--criterion", "mlm", "--batch-size", "8", "--max-update", "2", "--save-dir", "mlm", *LAYERS)
    done = training.run(*arguments, "--disable-validation", "--languages", "en,xx")
    assert done.returncode == 0, done.stderr[-2000:]
    return training.folder / "mlm" / "checkpoint_last.pt"


def realign(training, linked, start, *options, updates=12, launcher=(), batch=16, schedule=("fixed",)):
    return training.logs(
        *("--task", "realignment", "--criterion", "realignment", "--finetune-from-model", str(start), *LAYERS),
        *("--batch-size", str(batch), "--max-update", str(updates), "--lr-scheduler", *schedule),
        *("--optimizer", "adam", "--lr", "0.003", *options),
        data=linked,
        launcher=launcher,
    )


def weights(folder):
    state = torch.load(folder / "checkpoint_last.pt", weights_only=False)
    return state["model"], state["criterion"]


def test_linked_words_become_each_others_nearest(training, linked, pretrained):
    entries = realign(training, linked, pretrained, *EXACT, "--save-dir", "out", updates=60)
    first, last = (each for each in (entries[0], [e for e in entries if "ups" in e][-1]))
    assert float(last["loss"]) < 0.7 * float(first["loss"])
    assert float(last["nearest"]) > 2 * float(first["nearest"])
    valid = [each for each in entries if "valid_nearest" in each]
    assert valid and float(valid[-1]["valid_nearest"]) > float(valid[0]["valid_nearest"])


def test_two_workers_make_the_updates_of_one(training, linked, pretrained):
    ways = {
        "one": (("--update-freq", "2"), ()),
        "two": (("--distributed-backend", "gloo", "--ddp-backend", "pytorch_ddp"), TWO),
    }
    found = {}
    for name, (options, launcher) in ways.items():
        folder = training.folder / name
        common = (*EXACT, "--disable-validation", "--no-epoch-checkpoints", "--save-dir", str(folder))
        realign(training, linked, pretrained, *common, *options, launcher=launcher)
        found[name] = weights(folder)
    for one, two in zip(*found.values(), strict=True):
        assert one.keys() == two.keys()
        for key, value in one.items():
            torch.testing.assert_close(two[key], value, atol=1e-5, rtol=1e-4)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not_and_frozen_layers_stay_bit_for_bit(
    training, linked, pretrained
):
    common = ("--disable-validation", "--freeze", "front", "--weight-decay", "0.1")
    realign(training, linked, pretrained, *common, "--save-dir", "whole")
    realign(training, linked, pretrained, *common, "--save-dir", "parts", updates=7)
    realign(training, linked, pretrained, *common, "--save-dir", "parts")
    for whole, parts in zip(weights(training.folder / "whole"), weights(training.folder / "parts"), strict=True):
        assert all(torch.equal(value, parts[key]) for key, value in whole.items())
    before, after = torch.load(pretrained, weights_only=False)["model"], weights(training.folder / "whole")[0]
    changed = {int(key.split(".")[3]) for key in before if LAYER in key and not torch.equal(before[key], after[key])}
    assert changed == {2}  # 0 and 1 are frozen, 3 is above the layer that is aligned
    assert not torch.equal(*(each["encoder.sentence_encoder.embed_tokens.weight"] for each in (before, after)))


def test_what_does_not_belong_together_is_refused(training, linked, pretrained, tmp_path):
    def last_line(data, *options):
        common = ("--task", "realignment", "--criterion", "realignment", *LAYERS, "--batch-size", "8")
        done = training.run(*common, "--max-update", "2", "--save-dir", "refused", *options, data=data)
        assert done.returncode != 0
        return done.stderr.strip().splitlines()[-1]

    assert "give --finetune-from-model" in last_line(linked)
    start = ("--finetune-from-model", str(pretrained))
    assert "--layer 9 is not" in last_line(linked, *start, "--layer", "9")
    words = (training.pair / "bin" / "dict.txt").read_text().splitlines(keepends=True)
    (tmp_path / "dict.txt").write_text("".join(reversed(words)))
    other = write_linked(tmp_path / "other", tmp_path / "dict.txt", {"train": reversed_pairs(8, seed=1)})
    assert "another vocabulary" in last_line(other, *start)
    state = torch.load(pretrained, weights_only=False)
    state["model"]["encoder.sentence_encoder.embed_tokens.weight"][5] = float("nan")
    torch.save(state, tmp_path / "nan.pt")
    assert "Nan/Inf" in last_line(linked, "--finetune-from-model", str(tmp_path / "nan.pt"))
