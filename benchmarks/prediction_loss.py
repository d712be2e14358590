"""Measure memory and time of the loss over the vocabulary for the paper's batch, with and without all logits.

    OMP_NUM_THREADS=2 python benchmarks/prediction_loss.py [--positions 9830] [--plain-positions 2458]

The paper's batch of 128 x 512 tokens has 9,830 positions to predict: 3.1 GB of logits in float32, several times over
while gradients are computed. Plain cross-entropy is measured on a part of them, because the whole needs some 10 GB.
Each runs in a process of its own; what is printed is the peak above what the process held before, over the forward and
the backward pass.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timezone

import torch
import torch.nn.functional as F
from contestant import Contestant
from timing import RESULTS, machine, versions
from workload import peak_megabytes

from fairseq_alignmlm.models.prediction_loss import PredictionLoss

WIDTH = 512


def measured(way: str, positions: int, vocabulary: int) -> Iterator[tuple[float, float]]:
    """Yield megabytes above the inputs and their gradients, and seconds."""
    torch.manual_seed(1)
    hidden = torch.randn(positions, WIDTH, requires_grad=True)
    weight = torch.randn(vocabulary, WIDTH).mul_(0.02).requires_grad_()
    bias = torch.zeros(vocabulary, requires_grad=True)
    target = torch.randint(vocabulary, (positions,))
    for parameter in (hidden, weight, bias):
        parameter.grad = torch.zeros_like(parameter)
    before, start = peak_megabytes(), time.perf_counter()
    if way == "in blocks":
        loss, _ = PredictionLoss.apply(hidden, weight, bias, target)
    else:
        loss = F.cross_entropy(F.linear(hidden, weight, bias), target, reduction="sum")
    loss.backward()
    yield peak_megabytes() - before, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=9830)
    parser.add_argument("--plain-positions", type=int, default=2458)
    parser.add_argument("--vocabulary", type=int, default=80_000)
    args = parser.parse_args()
    rows = []
    for way, positions in (
        ("in blocks", args.positions),
        ("in blocks", args.plain_positions),
        ("plain", args.plain_positions),
    ):
        process = Contestant(functools.partial(measured, way, positions, args.vocabulary))
        process()
        process.close()
        megabytes, seconds = process.results[0]
        logits = positions * args.vocabulary * 4 / 1e6
        rows.append({"way": way, "positions": positions, "megabytes": round(megabytes), "seconds": round(seconds, 2)})
        print(
            f"{way}, {positions:,} positions: {megabytes:,.0f} MB, {seconds:.1f} s; all logits once: {logits:,.0f} MB"
        )
    record = {
        "name": "prediction_loss",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "settings": {**vars(args), "load_average": os.getloadavg()},
        "machine": machine(),
        "versions": versions(),
        "rows": rows,
    }
    (RESULTS / "prediction_loss.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
