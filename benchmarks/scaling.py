"""Time training updates over tokens per update, size of the vocabulary and size of the dictionary; draw a figure.

    OMP_NUM_THREADS=2 python benchmarks/scaling.py [--precision bf16] [--layers 2] [--width 512] [--quick]

The model has the paper's width with fewer layers, so that all points of a series fit side by side; they take turns.
Leaves results/scaling.json and results/scaling.png.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from timing import RESULTS, alternate, machine, quartiles, versions
from training_update import COMPUTE, fairseq_updates
from workload import QUICK, Shape, write_data


@dataclass(frozen=True)
class Series:
    """One axis of the figure: a size, and how an update is made of it."""

    name: str
    unit: str
    scale: float
    sizes: tuple[int, ...]
    shape_of: Callable[[Shape, int], Shape]
    entries_of: Callable[[int], int]
    criterion: str


def series(quick: bool) -> list[Series]:
    """Return the three axes."""
    tokens = (128, 256) if quick else (1024, 2048, 4096, 8192)
    vocabulary = (1000, 2000) if quick else (20_000, 40_000, 80_000, 160_000)
    entries = (100, 400) if quick else (1000, 5000, 10_000, 20_000, 39_000)
    return [
        Series("tokens per update", "1,000 tokens", 1e3, tokens, _with_tokens, lambda _: 10, "mlm"),
        Series("vocabulary", "1,000 symbols", 1e3, vocabulary, _with_vocabulary, lambda _: 10, "mlm"),
        Series("dictionary entries", "1,000 entries", 1e3, entries, lambda shape, _: shape, lambda n: n, "align_mlm"),
    ]


def _with_tokens(shape: Shape, tokens: int) -> Shape:
    return replace(shape, batch=tokens // shape.length)


def _with_vocabulary(shape: Shape, vocabulary: int) -> Shape:
    return replace(shape, vocabulary=vocabulary)


def updates(shape: Shape, entries: int, options: tuple[str, ...]) -> Iterator[Any]:
    """Make data of its own and yield its updates."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_data(data, shape, 16, entries)
        dictionary = ("--dictionary", str(data / "dictionary.tsv")) if "align_mlm" in options else ()
        yield from fairseq_updates(data, shape, *options, *dictionary)


def measure(axis: Series, base: Shape, options: tuple[str, ...], rounds: int) -> dict[str, Any]:
    """Time every size of a series and fit a line."""
    chosen = (*options, "--criterion", axis.criterion)
    running = {
        str(size): functools.partial(next, updates(axis.shape_of(base, size), axis.entries_of(size), chosen))
        for size in axis.sizes
    }
    comparison = alternate(running, rounds=rounds, warmup=1)
    medians = [comparison.median(str(size)) for size in axis.sizes]
    slope, constant = np.polyfit(np.array(axis.sizes) / axis.scale, medians, 1)
    print(f"{axis.name}: {constant:.3f} s + {1000 * slope:.1f} ms per {axis.unit}", flush=True)
    return {
        "sizes": axis.sizes,
        "median_seconds": medians,
        "quartiles": [quartiles(comparison.seconds[str(size)]) for size in axis.sizes],
        "seconds_constant": constant,
        "seconds_per_thousand": slope,
    }


def draw(found: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw a panel per series: medians, quartiles, and the fitted line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(found), figsize=(12, 3.6), layout="constrained")
    for panel, (name, values) in zip(panels, found.items(), strict=True):
        sizes = np.array(values["sizes"]) / 1e3
        medians = np.array(values["median_seconds"])
        low, high = np.array(values["quartiles"]).T
        panel.errorbar(
            sizes, medians, yerr=np.abs([medians - low, high - medians]), fmt="o", capsize=3, color="#1f4e79"
        )
        line = np.linspace(0, sizes.max() * 1.05, 2)
        fitted = values["seconds_constant"] + values["seconds_per_thousand"] * line
        panel.plot(line, fitted, color="#c55a11", linewidth=1)
        panel.set_title(
            f"{values['seconds_constant']:.2f} s + {1e3 * values['seconds_per_thousand']:.1f} ms per thousand"
        )
        panel.set_xlabel(f"{name}, thousands")
        panel.set_ylabel("seconds per update")
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=512, help="hidden size; heads of 64, inner size 4 x")
    parser.add_argument("--length", type=int, default=512, help="tokens per instance")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="tiny sizes; results go to a temporary folder")
    args = parser.parse_args()
    base = (
        QUICK
        if args.quick
        else Shape(args.layers, args.width, 4 * args.width, args.width // 64, args.length, 4096 // args.length)
    )
    options = ("--arch", "multilingual_roberta", "--attention-dropout", "0.1", *COMPUTE[args.precision])
    found = {axis.name: measure(axis, base, options, args.rounds) for axis in series(args.quick)}
    folder = Path(tempfile.mkdtemp()) if args.quick else RESULTS
    record = {
        "name": "scaling",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "settings": {**vars(args), "shape": vars(base), "load_average": os.getloadavg()},
        "machine": machine(),
        "versions": versions(),
        "series": found,
    }
    (folder / "scaling.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    draw(found, folder / "scaling.png")
    print(f"kept in {folder}")


if __name__ == "__main__":
    main()
