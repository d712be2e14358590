"""The harness of the benchmarks, on a clock that tells what it is told."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "timing.py"
SPECIFICATION = importlib.util.spec_from_file_location("benchmark_timing", FILE)
assert SPECIFICATION and SPECIFICATION.loader
timing = sys.modules["benchmark_timing"] = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(timing)


class Clock:
    """Time that passes only while work is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def __call__(self) -> float:
        return self.now

    def work(self, name: str, *seconds: float) -> object:
        coming = iter(seconds)

        def run() -> None:
            self.log.append(name)
            self.now += next(coming)

        return run


def test_variants_alternate_forwards_and_backwards_and_warmup_is_not_measured() -> None:
    clock = Clock()
    variants = {"a": clock.work("a", 9, 1, 1), "b": clock.work("b", 9, 2, 2)}
    comparison = timing.alternate(variants, rounds=2, warmup=1, clock=clock)
    assert "".join(clock.log) == "ba" + "ab" + "ba"
    assert comparison.seconds == {"a": [1, 1], "b": [2, 2]}


def test_the_ratio_is_the_median_of_the_rounds_and_ignores_drift() -> None:
    clock = Clock()
    variants = {"a": clock.work("a", 1, 10, 100), "b": clock.work("b", 2, 20, 300)}
    comparison = timing.alternate(variants, rounds=3, warmup=0, clock=clock)
    assert comparison.ratios("b") == [2, 2, 3]
    assert comparison.ratio("b") == 2
    assert comparison.median("b") == 20


def test_what_comes_after_a_run_is_measured_with_it() -> None:
    clock = Clock()
    comparison = timing.alternate({"a": clock.work("a", 1)}, 1, 0, clock=clock, after=clock.work("wait", 4))
    assert comparison.seconds == {"a": [5]}


def test_the_report_ends_with_the_ratio_and_the_file_tells_where_it_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    variants = {"stock": clock.work("s", 0.2, 0.2), "ours": clock.work("o", 0.1, 0.1)}
    comparison = timing.alternate(variants, rounds=2, warmup=0, amount=100, unit="tokens", clock=clock)
    path = comparison.finish("update", {"width": 8}, tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert "200 ms" in lines[1] and "500 tokens/s" in lines[1] and "1,000 tokens/s" in lines[2]
    assert lines[-1].startswith("ratio ours / stock: 0.5 ")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["ratio"] == {"ours": pytest.approx(0.5)}
    assert record["settings"] == {"width": 8}
    assert record["machine"]["cores"] >= 1 and record["versions"]["python"] and record["date"]


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        timing.alternate({})
    with pytest.raises(ValueError, match="at least one"):
        timing.alternate({"a": lambda: None}, rounds=0)
