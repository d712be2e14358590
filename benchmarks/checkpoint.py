"""Time saving and loading a checkpoint of the paper's model: ours, stock fairseq's, and bare `torch.save`.

    OMP_NUM_THREADS=2 python benchmarks/checkpoint.py [--rounds 5] [--quick]

A checkpoint holds weights and Adam's moments, written and read by fairseq's `Trainer`. Stock fairseq keeps a second,
dead copy of every layer's weights, its file is larger for that. `torch.save` and `torch.load` of our tensors alone show
what the disk costs.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from timing import alternate
from workload import PAPER, QUICK, make_trainer, write_data

ARCHITECTURES = {
    "ours": ("--arch", "multilingual_roberta", "--criterion", "mlm"),
    "stock": ("--arch", "roberta", "--criterion", "masked_lm"),
}


def save_checkpoint(trainer: Any, file: Path) -> None:
    """Save as `fairseq-train` does."""
    trainer.consolidate_optimizer()
    trainer.save_checkpoint(str(file), {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tiny model; results are not kept")
    args = parser.parse_args()
    shape = QUICK if args.quick else PAPER
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_data(data, shape, 4, 10)
        trainers = {}
        for name, options in ARCHITECTURES.items():
            trainers[name], batches = make_trainer(data, shape, options, 1)
            trainers[name].train_step(batches)  # Adam's moments are made by the first update
        files = {name: data / f"{name}.pt" for name in (*trainers, "torch")}
        state: dict[str, Any] = {
            "model": trainers["ours"].model.state_dict(),
            "optimizer": trainers["ours"].optimizer.state_dict(),
        }
        save: dict[str, Callable[[], object]] = {
            name: functools.partial(save_checkpoint, trainer, files[name]) for name, trainer in trainers.items()
        }
        save["torch"] = functools.partial(torch.save, state, files["torch"])
        saving = alternate(save, rounds=args.rounds)
        load: dict[str, Callable[[], object]] = {
            name: functools.partial(trainer.load_checkpoint, str(files[name])) for name, trainer in trainers.items()
        }
        load["torch"] = functools.partial(torch.load, files["torch"], weights_only=True)
        loading = alternate(load, rounds=args.rounds)
        sizes = {name: round(file.stat().st_size / 2**20, 1) for name, file in files.items()}
    print(", ".join(f"{name} {size:,} MiB" for name, size in sizes.items()))
    for name, comparison in (("save", saving), ("load", loading)):
        print(name)
        if args.quick:
            print("\n".join(comparison.lines()))
        else:
            comparison.finish(f"checkpoint_{name}", {"shape": vars(shape), "mebibytes": sizes})


if __name__ == "__main__":
    main()
