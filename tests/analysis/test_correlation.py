"""Spearman's rho of the paper's own tables, and the bootstrap against a slow reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scipy is not installed (extra [report])")
from scipy.stats import spearmanr

from fairseq_alignmlm.analysis.correlation import spearman
from fairseq_alignmlm.analysis.paper import paper_runs, paper_tables
from fairseq_alignmlm.analysis.report import correlated, correlations


@pytest.mark.parametrize(("task", "rho"), [("xnli", -0.7273), ("ner", -0.7811), ("pos", -0.7343)])
def test_papers_tables_give_the_papers_correlation(task: str, rho: float) -> None:
    found = correlations(paper_runs())[task]
    assert found is not None
    assert round(found.rho, 4) == rho
    assert found.p < 0.01
    assert (found.setups, found.runs) == (12, 12)
    assert abs(found.rho) == pytest.approx(paper_tables()["spearman_alignment_vs_delta"][task]["rho"], abs=6e-4)


def test_bootstrap_interval_equals_a_loop_over_resamples() -> None:
    generator = np.random.default_rng(0)
    x = generator.integers(0, 6, size=9).astype(float)  # with ties
    y = -x + generator.normal(size=9)
    ours = spearman(x, y, seed=4, resamples=400)
    draws = np.random.default_rng(4).integers(9, size=(400, 9))
    usable = [draw for draw in draws if np.ptp(x[draw]) > 0 and np.ptp(y[draw]) > 0]
    rhos = [spearmanr(x[draw], y[draw]).statistic for draw in usable]
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(rhos, [2.5, 97.5])))


def test_runs_of_one_setup_count_once() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(2, 7))
    alone = spearman(x, y)
    keys = np.repeat(range(7), 3).tolist()
    found = spearman(np.repeat(x, 3) + np.tile([-0.5, 0.0, 0.5], 7), np.repeat(y, 3), keys)
    assert alone is not None
    assert found is not None
    assert (found.rho, found.p) == pytest.approx((alone.rho, alone.p))
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))
    assert (found.setups, found.runs) == (7, 21)
    assert str(found).endswith("n = 7 setups of 21 runs)")


def test_few_setups_are_permuted_and_have_no_interval() -> None:
    found = spearman([1, 2, 3, 4], [8, 7, 5, 1])
    assert found is not None
    assert (found.rho, found.low, found.high) == (pytest.approx(-1), None, None)
    assert found.p == pytest.approx(2 / 24)  # the t approximation says 0
    assert "too few setups for an interval" in str(found)


@pytest.mark.parametrize("setups", [6, 12])
def test_p_and_interval_hold_when_seeds_of_a_setup_are_alike(setups: int) -> None:
    """Nothing is associated; seeds of a setup correlate by .9: pooled runs are significant in one of four cases."""
    generator = np.random.default_rng(3)
    found, pooled = [], []

    def draw() -> np.ndarray:
        shared, own = generator.normal(size=(setups, 1)), generator.normal(size=(setups, 3))
        return (np.sqrt(0.9) * shared + np.sqrt(0.1) * own).ravel()

    for _ in range(200):
        x, y = draw(), draw()
        found.append(spearman(x, y, np.repeat(range(setups), 3).tolist(), resamples=400))
        pooled.append(spearman(x, y, resamples=400))

    def rates(results: list) -> tuple[float, float]:
        significant = np.mean([one.p < 0.05 for one in results])
        return float(significant), float(np.mean([one.low <= 0 <= one.high for one in results]))

    significant, covered = rates(found)
    assert significant < 0.09
    assert covered > 0.91
    assert rates(pooled)[0] > 0.18
    assert rates(pooled)[1] < 0.85


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_has_no_rank(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        spearman([1.0, 2.0, value], [1.0, 2.0, 3.0])


def test_ablations_count_only_when_asked_for() -> None:
    runs = [replace(run, seed=1) for run in paper_runs()]
    ablation = replace(runs[0], settings={"align_alpha": 1.0})
    assert correlated([*runs, ablation]) == runs
    assert len(correlated([*runs, ablation], with_ablations=True)) == 13


def test_alignment_by_frequency_is_correlated_where_every_run_has_it() -> None:
    with_both = [
        replace(run, alignment={"all": run.alignment["all"], "frequency": float(number)})
        for number, run in enumerate(paper_runs())
    ]
    deltas = [run.score("pos", "span_f1_1.2.2", "delta") for run in with_both]
    assert correlations(with_both)["pos"].rho == pytest.approx(spearmanr(range(12), deltas).statistic)  # type: ignore[union-attr]
    assert round(correlations([*with_both[:11], paper_runs()[11]])["pos"].rho, 4) == -0.7343  # type: ignore[union-attr]


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [2.0, 1.0]), ([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])])
def test_too_few_or_equal_runs_have_no_correlation(x: list[float], y: list[float]) -> None:
    assert spearman(x, y) is None


def test_unequal_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 alignments for 2 deltas of 3 runs"):
        spearman([1.0, 2.0, 3.0], [1.0, 2.0])
