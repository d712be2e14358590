"""Bootstrap intervals: what another sample of the same size would have given."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fairseq_alignmlm.evaluation.interval import RESAMPLES, interval

NORMAL = 1.959964  # 97.5 % of the standard normal distribution lie below


class Score(NamedTuple):
    """A number with its interval.

    Attributes:
        value: of all units.
        low: lower end of the percentile interval.
        high: its upper end.
        n: units that were resampled.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:6.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(count: int, statistic: Callable[[np.ndarray], float], seed: int = 1, resamples: int = RESAMPLES) -> Score:
    """Return a statistic with its 95 % percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Args:
        count: units N.
        statistic: of chosen units, given by index ``(N,)``.
        seed: of the resamples.
        resamples: how many.

    Raises:
        ValueError: there is nothing to resample, or the statistic is not finite.
    """
    if count < 1:
        raise ValueError("there is nothing to measure")
    value = float(statistic(np.arange(count)))
    if not np.isfinite(value):
        raise ValueError("the measure is not a finite number")
    generator = np.random.default_rng(seed)
    drawn = np.array([statistic(generator.integers(0, count, count)) for _ in range(resamples)])
    return Score(value, *interval(drawn[np.isfinite(drawn)]), count)


def mean_score(hits: np.ndarray, seed: int = 1) -> Score:
    """Return the mean of values ``(N,)``, in percent, with its interval."""
    values = 100.0 * np.asarray(hits, dtype=np.float64)
    return bootstrap(len(values), lambda chosen: values[chosen].mean(), seed)


def jackknife(count: int, statistic: Callable[[np.ndarray], float], groups: int) -> Score:
    """Return a statistic with the normal 95 % interval of its delete-a-group jackknife (Kott 2001), within 0 to 100.

    Args:
        count: units N; unit i is in group i modulo ``groups``.
        statistic: of chosen units, given by index ``(N,)``; in percent.
        groups: how many, at most N.

    Raises:
        ValueError: the statistic is not finite.
    """
    everything, groups = np.arange(count), min(groups, count)
    value = float(statistic(everything))
    left_out = np.array([statistic(everything[everything % groups != group]) for group in range(groups)])
    if not np.isfinite([value, *left_out]).all():
        raise ValueError("the measure is not a finite number")
    error = np.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum())
    return Score(value, max(0.0, value - NORMAL * error), min(100.0, value + NORMAL * error), count)
