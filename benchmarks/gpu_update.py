"""Measure on a GPU what the paper's update costs: tokens a second, share of the matrix rate, memory, waiting for data.

    python benchmarks/gpu_update.py                 # some ten minutes; writes results/gpu_update.json and GPU.md
    python benchmarks/gpu_update.py --only bf16 compile
    python benchmarks/gpu_update.py --quick --cpu   # does the script work?

Every variant is a whole run of `fairseq-train` on made-up text: 128 instances of 512 tokens an update, 80,000 symbols,
the paper's model with its dropout. Speed is the median of intervals after the first. The matrix rate is that of a
bare product of 8,192 x 8,192 matrices in the same precision; the work of an update is counted by `flops_of_update`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from timing import RESULTS, machine, versions
from workload import LANGUAGES, PAPER, QUICK, Shape, write_data

BATCH = 128  # instances an update
BF16 = ("--compute-dtype", "bfloat16", "--optimizer", "fused_adam")
VARIANTS: dict[str, tuple[str, ...]] = {
    "bf16": BF16,
    "compile": (*BF16, "--compile-layers"),
    "checkpointing": (*BF16, "--checkpoint-activations"),
    "stock adam": ("--compute-dtype", "bfloat16", "--optimizer", "adam"),
    "tf32": ("--compute-dtype", "tfloat32", "--optimizer", "fused_adam"),
    "float32": ("--optimizer", "fused_adam"),
}


def flops_of_update(shape: Shape, batch: int) -> float:
    """Count the multiplications and additions of an update's matrix products: forward, and twice that backward."""
    tokens = batch * shape.length
    layer = 4 * shape.width**2 + 2 * shape.width * shape.inner + 2 * shape.length * shape.width
    head = 0.15 * (shape.width**2 + shape.width * shape.vocabulary)
    return 6.0 * tokens * (shape.layers * layer + head)


def matrix_rate(dtype: torch.dtype, device: str, size: int) -> float:
    """Return the operations a second of a bare product of square matrices."""
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    for _ in range(3):
        left @ right
    seconds = []
    for _ in range(10):
        _wait(device)
        start = time.perf_counter()
        left @ right
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return 2.0 * size**3 / statistics.median(seconds)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def train(data: Path, shape: Shape, options: tuple[str, ...], args: argparse.Namespace) -> list[dict[str, str]]:
    """Run `fairseq-train`; return what it logs of every interval.

    Raises:
        SystemExit: when it fails.
    """
    command = [
        *(sys.executable, "-m", "fairseq_cli.train", str(data / "bin"), "--user-dir", "fairseq_alignmlm"),
        *("--task", "multilingual_mlm", "--languages", ",".join(LANGUAGES), "--criterion", "mlm"),
        *("--arch", "multilingual_roberta", "--tokens-per-sample", str(shape.length), *shape.model_options()),
        *("--batch-size", str(args.device_batch), "--update-freq", str(args.batch // args.device_batch)),
        *("--adam-betas", "(0.9,0.98)", "--adam-eps", "1e-6", "--weight-decay", "0.01", "--lr", "1e-4"),
        *("--lr-scheduler", "polynomial_decay", "--warmup-updates", "100", "--total-num-update", "100000"),
        *("--max-update", str(args.updates), "--disable-validation", "--no-save", "--seed", "1", "--num-workers", "4"),
        *("--log-format", "json", "--log-interval", str(args.interval), *(["--cpu"] if args.cpu else []), *options),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    entries = [json.loads(found) for found in re.findall(r"\{\"epoch\".*\}", done.stdout + done.stderr)]
    return [entry for entry in entries if "gnorm" in entry]


def measure(data: Path, shape: Shape, name: str, rate: float, args: argparse.Namespace) -> dict[str, Any]:
    """Return what a variant costs."""
    entries = train(data, shape, VARIANTS[name], args)[1:]  # the first holds the start and the compilation
    seconds = args.batch * shape.length / statistics.median(float(entry["wps"]) for entry in entries)
    busy = statistics.mean(float(entry["train_wall"]) for entry in entries) / args.interval  # whole seconds in the log
    total = torch.cuda.get_device_properties(0).total_memory / 2**30 if not args.cpu else 0.0
    free = min((float(entry["gb_free"]) for entry in entries if "gb_free" in entry), default=0.0)
    return {
        "seconds_an_update": seconds,
        "tokens_a_second": args.batch * shape.length / seconds,
        "share_of_matrix_rate": flops_of_update(shape, args.batch) / seconds / rate,
        "waiting_for_data": max(0.0, 1.0 - busy / seconds),
        "gigabytes": total - free,
        "loss": float(entries[-1]["loss"]),
        "hours_of_500,000_updates": seconds * 500_000 / 3600,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), help="variants to measure")
    parser.add_argument("--device-batch", type=int, default=64, help="instances on the device at a time")
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--interval", type=int, default=100, help="updates of a measurement; the first is left out")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tiny model; results are not kept")
    args = parser.parse_args()
    if not args.cpu and not torch.cuda.is_available():
        raise SystemExit("error: there is no GPU; --quick --cpu shows whether the script works")
    shape, args.batch, side = (QUICK, 8, 256) if args.quick else (PAPER, BATCH, 8192)
    if args.quick:
        args.device_batch, args.updates, args.interval = 4, 6, 2
    device = "cpu" if args.cpu else "cuda"
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_data(data, shape, max(40, args.batch * 40 // shape.batch), 10)  # several epochs
        for name in args.only or list(VARIANTS):
            half = "bfloat16" in VARIANTS[name]
            torch.backends.cuda.matmul.allow_tf32 = "tfloat32" in VARIANTS[name]
            rate = matrix_rate(torch.bfloat16 if half else torch.float32, device, side)
            found[name] = measure(data, shape, name, rate, args) | {"matrix_rate": rate}
            print(name, json.dumps({key: float(f"{value:.4g}") for key, value in found[name].items()}))
    if args.quick:
        return
    what = torch.cuda.get_device_name() if not args.cpu else machine()["processor"]
    record = {"device": what, "shape": vars(shape), "batch": args.batch, "versions": versions(), "variants": found}
    (RESULTS / "gpu_update.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (RESULTS.parent / "GPU.md").write_text("\n".join(_table(what, found)) + "\n", encoding="utf-8")


def _table(device: str, found: dict[str, dict[str, Any]]) -> list[str]:
    lines = [f"# The paper's update on {device}", "", f"`python benchmarks/gpu_update.py`, {BATCH} x 512 tokens.", ""]
    lines += ["| | ms | tokens/s | of the matrix rate | waiting for data | GB | h for 500,000 |", "|---" * 7 + "|"]
    for name, each in found.items():
        cells = [f"{1000 * each['seconds_an_update']:.1f}", f"{each['tokens_a_second']:,.0f}"]
        cells += [f"{100 * each[key]:.0f} %" for key in ("share_of_matrix_rate", "waiting_for_data")]
        cells += [f"{each['gigabytes']:.1f}", f"{each['hours_of_500,000_updates']:.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
