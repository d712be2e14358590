"""Differences between objectives over seeds: a paired t test with its interval, and what is within noise."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """A mean of differences, seed by seed.

    Attributes:
        mean: first minus second, in points.
        low: lower end of the 95 % interval of Student's t; None for a single seed.
        high: its upper end.
        p: two-tailed paired t test; None for a single seed.
        seeds: how many seeds both have.
    """

    mean: float
    low: float | None
    high: float | None
    p: float | None
    seeds: int

    @property
    def is_noise(self) -> bool:
        """Whether it cannot be told from none: p >= 0.05, or no test at all."""
        return self.p is None or self.p >= LEVEL


def paired_difference(first: Mapping[int, float], second: Mapping[int, float]) -> Difference | None:
    """Compare two setups over the seeds that both have, None where they share none.

    Args:
        first: a score of each seed, in percent.
        second: likewise.
    """
    from scipy.stats import t

    shared = sorted(first.keys() & second.keys())
    if not shared:
        return None
    differences = [first[seed] - second[seed] for seed in shared]
    mean, count = statistics.fmean(differences), len(shared)
    if count == 1:
        return Difference(mean, None, None, None, 1)
    error = statistics.stdev(differences) / math.sqrt(count)
    if error == 0:
        return Difference(mean, mean, mean, float(mean == 0), count)
    half = float(t.ppf(1 - LEVEL / 2, count - 1)) * error
    p = 2 * float(t.sf(abs(mean) / error, count - 1))
    return Difference(mean, mean - half, mean + half, p, count)


def pairwise(scores: Mapping[str, Mapping[int, float]]) -> dict[tuple[str, str], Difference]:
    """Compare all setups with each other, their p corrected for how many comparisons there are (Holm).

    Args:
        scores: of every setup by its name, the score of each seed.

    Returns:
        By two names, first minus second, in the order given; pairs that share no seed are left out. Intervals are those
        of the single comparisons.
    """
    found = {
        (one, other): difference
        for one, other in combinations(scores, 2)
        if (difference := paired_difference(scores[one], scores[other])) is not None
    }
    tested = sorted((names for names in found if found[names].p is not None), key=lambda names: found[names].p or 0.0)
    largest = 0.0
    for place, names in enumerate(tested):
        largest = max(largest, min(1.0, (found[names].p or 0.0) * (len(tested) - place)))
        found[names] = replace(found[names], p=largest)
    return found


def not_told_from_best(scores: Mapping[str, Mapping[int, float]], lower_is_better: bool) -> set[str]:
    """Return the setups that cannot be told from the best one, this one left out.

    Args:
        scores: of every setup by its name, the score of each seed.
        lower_is_better: True for delta.
    """
    means = {name: statistics.fmean(by_seed.values()) for name, by_seed in scores.items() if by_seed}
    if len(means) < 2:
        return set()
    best = (min if lower_is_better else max)(means, key=lambda name: means[name])
    compared = pairwise(scores)
    close = set()
    for name in means.keys() - {best}:
        difference = compared.get((best, name)) or compared.get((name, best))
        if difference is None or difference.is_noise:
            close.add(name)
    return close
