"""Spearman's rank correlation between alignment and delta over setups (section 5, appendix E).

Runs of one setup that differ in their seed alone are no independent observations: pooled, they make a correlation look
surer than it is. What is correlated are the means of setups, and what is drawn again for the interval are setups.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

RESAMPLES = 10_000
INTERVAL = 95.0  # percent
FEWEST_FOR_INTERVAL = 6  # with fewer setups, resamples are too much alike for any interval to hold what it says
MOST_PERMUTED = 8  # setups of which every order is tried: 40,320


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho over the means of setups.

    Attributes:
        rho: -1 to 1.
        p: two-tailed, for the hypothesis of no association: by all permutations of up to 8 setups, for more by the t
            approximation.
        low: lower end of the percentile bootstrap interval (95 %) over setups; None for fewer than 6 of them.
        high: its upper end.
        setups: how many setups: the number of independent observations.
        runs: how many runs these are the means of.
    """

    rho: float
    p: float
    low: float | None
    high: float | None
    setups: int
    runs: int

    def __str__(self) -> str:
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        interval = "too few setups for an interval"
        if self.low is not None:
            interval = f"{INTERVAL:.0f} % bootstrap interval {self.low:.2f} to {self.high:.2f}"
        return f"Spearman's ρ = {self.rho:.4f} ({p}, {interval}, n = {self.setups} setups of {self.runs} runs)"


def spearman(
    alignment: Sequence[float],
    delta: Sequence[float],
    setups: Sequence[Hashable] | None = None,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Correlation | None:
    """Correlate alignment with delta over the means of setups.

    Args:
        alignment: percent, one value a run.
        delta: SUP - ZS in points, one value a run.
        setups: what runs with other seeds have in common; by default every run is a setup of its own.
        seed: of the bootstrap.
        resamples: how many times setups are drawn with replacement.

    Returns:
        None for fewer than 3 setups, or when one side does not vary.

    Raises:
        ValueError: when the three differ in length, or a value is not finite.
    """
    from scipy.stats import spearmanr

    keys = list(range(len(alignment))) if setups is None else list(setups)
    values = np.asarray(alignment, dtype=float), np.asarray(delta, dtype=float)
    if not len(values[0]) == len(values[1]) == len(keys):
        raise ValueError(f"{len(values[0])} alignments for {len(values[1])} deltas of {len(keys)} runs")
    if not np.isfinite(values).all():
        raise ValueError("an alignment or delta is not finite")
    x, y = (_means(side, keys) for side in values)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    whole = spearmanr(x, y)
    rho = float(whole.statistic)
    p = _permuted(x, y, rho) if len(x) <= MOST_PERMUTED else float(whole.pvalue)
    low, high = _interval(x, y, seed, resamples) if len(x) >= FEWEST_FOR_INTERVAL else (None, None)
    return Correlation(rho, p, low, high, len(x), len(keys))


def _means(values: Any, keys: Sequence[Hashable]) -> Any:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    owner = [numbers[key] for key in keys]
    return np.bincount(owner, weights=values) / np.bincount(owner)


def _rhos(x: Any, y: Any) -> Any:
    """Return rho of every row of two arrays (B, N), NaN where a side does not vary."""
    from scipy.stats import rankdata

    ranks_x, ranks_y = rankdata(x, axis=1), rankdata(y, axis=1)
    ranks_x -= ranks_x.mean(axis=1, keepdims=True)
    ranks_y -= ranks_y.mean(axis=1, keepdims=True)
    spread = np.sqrt((ranks_x**2).sum(axis=1) * (ranks_y**2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return (ranks_x * ranks_y).sum(axis=1) / spread


def _permuted(x: Any, y: Any, rho: float) -> float:
    orders = np.array(list(permutations(range(len(y)))))
    rhos = _rhos(np.broadcast_to(x, orders.shape), y[orders])
    return float(np.mean(np.abs(rhos) >= abs(rho) - 1e-9))


def _interval(x: Any, y: Any, seed: int, resamples: int) -> tuple[float | None, float | None]:
    draws = np.random.default_rng(seed).integers(len(x), size=(resamples, len(x)))
    rhos = _rhos(x[draws], y[draws])
    usable = rhos[~np.isnan(rhos)]  # a resample of one setup only has no rho
    if len(usable) < resamples / 2:
        return None, None
    tail = (100 - INTERVAL) / 2
    low, high = np.percentile(usable, [tail, 100 - tail])
    return float(low), float(high)
