"""Compare ways of doing the same work: alternating runs in one process, medians, the ratio last, a JSON file.

    from timing import alternate

    comparison = alternate({"stock": stock_update, "ours": our_update}, rounds=9, amount=4096, unit="tokens")
    comparison.finish("update_time", {"width": 512})

Runs alternate so that whatever else the machine does, and its temperature, falls on all variants alike; every other
round goes backwards. The ratio is the median of the ratios within a round: drift between rounds does not touch it.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
_PACKAGES = (
    "fairseq-alignmlm",
    "fairseq",
    "torch",
    "numpy",
    "sentencepiece",
    "transformers",
    "hydra-core",
    "omegaconf",
)


@dataclass(frozen=True)
class Comparison:
    """What was measured.

    Attributes:
        seconds: of every variant, one number a round; the first variant is the base of the ratios.
        amount: how much of ``unit`` one run does, 0 when there is no such number.
        unit: plural noun.
    """

    seconds: Mapping[str, Sequence[float]]
    amount: float = 0.0
    unit: str = ""

    def median(self, variant: str) -> float:
        """Return the median seconds of a run."""
        return statistics.median(self.seconds[variant])

    def ratios(self, variant: str) -> list[float]:
        """Return, for every round, the variant's seconds over those of the base."""
        base = next(iter(self.seconds.values()))
        return [other / first for first, other in zip(base, self.seconds[variant], strict=True)]

    def ratio(self, variant: str) -> float:
        """Return the median of :meth:`ratios`: 2.0 means that the variant takes twice as long as the base."""
        return statistics.median(self.ratios(variant))

    def lines(self) -> list[str]:
        """Return the report: a line a variant, then the ratios to the first."""
        width = max(map(len, self.seconds))
        report = []
        for variant, seconds in self.seconds.items():
            rate = f", {self.amount / self.median(variant):,.0f} {self.unit}/s" if self.amount else ""
            report.append(f"{variant:{width}}  median {_readable(self.median(variant))} {_spread(seconds)}{rate}")
        base, *others = self.seconds
        for variant in others:
            low, high = quartiles(self.ratios(variant))
            report.append(f"ratio {variant} / {base}: {self.ratio(variant):.4g} (quartiles {low:.4g} .. {high:.4g})")
        return report

    def as_dict(self) -> dict[str, Any]:
        """Return everything measured, for JSON."""
        base, *others = self.seconds
        return {
            "seconds": {
                variant: [float(f"{second:.5g}") for second in seconds] for variant, seconds in self.seconds.items()
            },
            "median_seconds": {variant: self.median(variant) for variant in self.seconds},
            "base": base,
            "ratio": {variant: self.ratio(variant) for variant in others},
            "ratio_quartiles": {variant: quartiles(self.ratios(variant)) for variant in others},
            "amount": self.amount,
            "unit": self.unit,
        }

    def finish(self, name: str, settings: Mapping[str, Any], folder: Path = RESULTS) -> Path:
        """Write ``<folder>/<name>.json`` with machine, date, versions and command; print the report, ratios last.

        Args:
            name: of the benchmark, a file name.
            settings: what another run needs to repeat this one, e.g. sizes, threads, seed.
            folder: where results are kept.
        """
        path = folder / f"{name}.json"
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "name": name,
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            "settings": dict(settings),
            "machine": machine(),
            "versions": versions(),
            **self.as_dict(),
        }
        rows = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items()
        )
        path.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
        print(f"{record['machine']['processor']}, {record['machine']['cores']} cores; kept in {path}")
        print("\n".join(self.lines()))
        return path


def alternate(
    variants: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    warmup: int = 1,
    amount: float = 0.0,
    unit: str = "",
    clock: Callable[[], float] = time.perf_counter,
    after: Callable[[], object] = lambda: None,
) -> Comparison:
    """Run every variant once a round, forwards and backwards by turns.

    Args:
        variants: at least one; the first is the base of the ratios.
        rounds: measured rounds, at least 1.
        warmup: rounds before them that are not measured.
        amount: how much of ``unit`` one run does, for the rate.
        unit: plural noun, e.g. ``tokens``.
        clock: seconds; ``time.process_time`` counts the processor time of this process instead of the wall clock.
        after: called within the measurement of every run, e.g. ``torch.cuda.synchronize``.

    Raises:
        ValueError: no variant, or no round.
    """
    if not variants or rounds < 1 or warmup < 0:
        raise ValueError("give at least one variant and one round")
    seconds: dict[str, list[float]] = {variant: [] for variant in variants}
    for number in range(-warmup, rounds):
        for variant in list(variants) if number % 2 == 0 else list(reversed(list(variants))):
            gc.collect()
            start = clock()
            variants[variant]()
            after()
            taken = clock() - start
            if number >= 0:
                seconds[variant].append(taken)
    return Comparison(seconds, amount, unit)


def quartiles(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the first and the third quartile; of a single number, itself twice."""
    if len(numbers) == 1:
        return numbers[0], numbers[0]
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, high


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: processor, cores, memory, threads, accelerator."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }
    if threads := os.environ.get("OMP_NUM_THREADS"):
        found["omp_num_threads"] = threads
    if torch := sys.modules.get("torch"):  # asked only when the benchmark uses it
        found["torch_threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            found["accelerator"] = torch.cuda.get_device_name()
    return found


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter here."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():  # on Linux
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds / 1e-9:.4g} ns"


def _spread(seconds: Sequence[float]) -> str:
    low, high = quartiles(seconds)
    return f"(quartiles {_readable(low)} .. {_readable(high)}, {len(seconds)} runs)"
