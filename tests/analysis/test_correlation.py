"""Spearman's rho of the paper's own tables, and the bootstrap against a slow reference."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scipy is not installed (extra [report])")
from scipy.stats import spearmanr

from fairseq_alignmlm.analysis.correlation import spearman
from fairseq_alignmlm.analysis.paper import paper_runs, paper_tables
from fairseq_alignmlm.analysis.report import correlations


@pytest.mark.parametrize(("task", "rho"), [("xnli", -0.7273), ("ner", -0.7811), ("pos", -0.7343)])
def test_papers_tables_give_the_papers_correlation(task: str, rho: float) -> None:
    found = correlations(paper_runs())[task]
    assert found is not None
    assert round(found.rho, 4) == rho
    assert found.p < 0.01
    assert found.n == 12
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


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [2.0, 1.0]), ([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])])
def test_too_few_or_equal_runs_have_no_correlation(x: list[float], y: list[float]) -> None:
    assert spearman(x, y) is None


def test_unequal_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 alignments for 2 deltas"):
        spearman([1.0, 2.0, 3.0], [1.0, 2.0])
