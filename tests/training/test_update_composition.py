"""With ``--curriculum`` beyond the last epoch, an update has the same instances on any number of workers."""

from __future__ import annotations

import pytest
import torch

TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


@pytest.mark.slow
def test_one_worker_and_two_make_the_same_updates_over_epochs(training):
    common = ("--criterion", "mlm", "--curriculum", "1000", "--max-update", "30", "--disable-validation")
    common = (*common, "--dropout", "0", "--attention-dropout", "0", "--no-epoch-checkpoints")
    common = (*common, "--optimizer", "sgd", "--lr", "0.1", "--lr-scheduler", "fixed", "--instances", "lines")
    ways = {
        "one": (("--batch-size", "8"), ()),
        "micro": (("--batch-size", "2", "--update-freq", "4"), ()),
        "two": (("--batch-size", "4", "--distributed-backend", "gloo", "--ddp-backend", "pytorch_ddp"), TWO),
    }
    losses, weights = {}, {}
    for name, (options, launcher) in ways.items():
        folder = training.folder / name
        entries = training.logs(*common, *options, "--save-dir", str(folder), launcher=launcher)
        losses[name] = {int(each["num_updates"]): float(each["loss"]) for each in entries if "ups" in each}
        state = torch.load(folder / "checkpoint_last.pt", weights_only=False)
        weights[name] = state["model"]
        assert state["extra_state"]["train_iterator"]["epoch"] > 1  # other orders, and the ends of epochs
    for name in ("micro", "two"):
        assert losses[name] == pytest.approx(losses["one"], abs=1.1e-3)
        for key, value in weights["one"].items():
            torch.testing.assert_close(weights[name][key], value, atol=1e-5, rtol=1e-4)
