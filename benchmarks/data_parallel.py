"""Compare two processes of one thread under torchrun with one process of two threads: tokens a second, and losses.

    python benchmarks/data_parallel.py [--updates 12] [--precision fp32] [--ddp-backend pytorch_ddp] [--quick]

Both are whole runs of `fairseq-train` on the same updates, each of which is an epoch of eight instances: in one batch,
or in one of four for either process. The speed is that of the updates after the first; the losses and gradient norms
of all updates are compared as they are logged, with three digits, without dropout, whose masks differ between workers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import Comparison
from workload import LANGUAGES, PAPER, QUICK, write_data

ONE, TWO = "1 process, 2 threads", "2 processes, 1 thread each"
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


def train(data: Path, way: str, options: list[str], batch: int, backend: str) -> list[dict[str, str]]:
    """Run `fairseq-train`; return what it logs of every update.

    Raises:
        SystemExit: when it fails.
    """
    launcher, threads, size = (TORCHRUN, "1", batch // 2) if way == TWO else ((), "2", batch)
    parallel = ["--distributed-backend", "gloo", "--ddp-backend", backend] if way == TWO else []
    command = [sys.executable, *launcher, "-m", "fairseq_cli.train", str(data / "bin"), *options, *parallel]
    done = subprocess.run(
        [*command, "--batch-size", str(size)],
        env=os.environ | {"OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    entries = [json.loads(found) for found in re.findall(r"\{\"epoch\".*\}", done.stdout + done.stderr)]
    return [entry for entry in entries if "gnorm" in entry]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--ddp-backend", choices=["legacy_ddp", "pytorch_ddp"], default="pytorch_ddp")
    parser.add_argument("--quick", action="store_true", help="a tiny model; results are not kept")
    args = parser.parse_args()
    shape = QUICK if args.quick else PAPER
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_data(data, shape, 1, 10, whole=True)
        options = [
            *("--user-dir", "fairseq_alignmlm", "--task", "multilingual_mlm", "--languages", ",".join(LANGUAGES)),
            *("--arch", "multilingual_roberta", "--criterion", "mlm", "--tokens-per-sample", str(shape.length)),
            *(*shape.model_options(), "--dropout", "0", "--attention-dropout", "0", "--cpu", "--num-workers", "0"),
            *("--compute-dtype", "bfloat16" if args.precision == "bf16" else "float32", "--optimizer", "adam"),
            *("--adam-betas", "(0.9,0.98)", "--lr", "1e-4", "--max-update", str(args.updates), "--no-save"),
            *("--disable-validation", "--log-format", "json", "--log-interval", "1", "--seed", "1"),
        ]
        seconds: dict[str, list[float]] = {ONE: [], TWO: []}
        worst = 0.0
        losses: dict[str, list[float]] = {}
        for number in range(args.rounds):
            logs = {}
            for way in (ONE, TWO) if number % 2 == 0 else (TWO, ONE):
                logs[way] = train(data, way, options, shape.batch, args.ddp_backend)
                taken = [float(entry["train_wall"]) for entry in logs[way]]
                positions = [shape.batch * shape.length / float(entry["wps"]) for entry in logs[way][1:]]
                seconds[way].append(sorted(positions)[len(positions) // 2])
                losses[way] = [float(entry["loss"]) for entry in logs[way]]
                print(f"{way}: {seconds[way][-1]:.3f} s/update, {taken[-1]:.0f} s in all", flush=True)
            for key in ("loss", "gnorm"):
                for one, two in zip(logs[ONE], logs[TWO], strict=True):
                    worst = max(worst, abs(float(one[key]) - float(two[key])))
    comparison = Comparison(seconds, amount=shape.batch * shape.length, unit="tokens")
    print(f"largest difference of a logged loss or gradient norm: {worst:.4g}")
    if args.quick:
        print("\n".join(comparison.lines()))
    else:
        settings = {**vars(args), "shape": vars(shape), "losses_in_bits": losses, "largest_difference": worst}
        comparison.finish(
            f"data_parallel.{args.precision}.{args.ddp_backend}", {**settings, "load_average": os.getloadavg()}
        )
    speed = 1.0 / comparison.ratio(TWO)
    print(f"tokens a second of two processes over those of one: {speed:.4g}")


if __name__ == "__main__":
    main()
