"""Spearman's rank correlation between alignment and delta over runs (section 5, appendix E)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
INTERVAL = 95.0  # percent


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho over n runs.

    Attributes:
        rho: -1 to 1.
        p: two-tailed, for the hypothesis of no association.
        low: lower end of the percentile bootstrap interval (95 %), None when too few resamples had a rho.
        high: its upper end.
        n: number of runs.
    """

    rho: float
    p: float
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        interval = (
            "" if self.low is None else f", {INTERVAL:.0f} % bootstrap interval {self.low:.2f} to {self.high:.2f}"
        )
        return f"Spearman's ρ = {self.rho:.4f} ({p}{interval}, n = {self.n})"


def spearman(
    alignment: Sequence[float], delta: Sequence[float], seed: int = 1, resamples: int = RESAMPLES
) -> Correlation | None:
    """Correlate alignment with delta.

    Args:
        alignment: percent, one value a run.
        delta: SUP - ZS in points, one value a run.
        seed: of the bootstrap.
        resamples: how many times runs are drawn with replacement.

    Returns:
        None for fewer than 3 runs, or when one side does not vary.

    Raises:
        ValueError: when the two differ in length.
    """
    from scipy.stats import rankdata, spearmanr

    x, y = np.asarray(alignment, dtype=float), np.asarray(delta, dtype=float)
    if x.shape != y.shape:
        raise ValueError(f"{len(x)} alignments for {len(y)} deltas")
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    whole = spearmanr(x, y)
    draws = np.random.default_rng(seed).integers(len(x), size=(resamples, len(x)))
    ranks_x, ranks_y = rankdata(x[draws], axis=1), rankdata(y[draws], axis=1)
    ranks_x -= ranks_x.mean(axis=1, keepdims=True)
    ranks_y -= ranks_y.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks_x**2).sum(axis=1) * (ranks_y**2).sum(axis=1))
    usable = spread > 0  # a resample of one run only has no rho
    rhos = (ranks_x * ranks_y).sum(axis=1)[usable] / spread[usable]
    low = high = None
    if usable.mean() > 0.5:
        tail = (100 - INTERVAL) / 2
        low, high = (float(end) for end in np.percentile(rhos, [tail, 100 - tail]))
    return Correlation(float(whole.statistic), float(whole.pvalue), low, high, len(x))
