"""Means and standard deviations over the seeds of runs that differ in nothing else."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fairseq_alignmlm.analysis.objectives import sort_key
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.tasks import task_key, transformation_key

_OVERLAP = re.compile(r"\.overlap[\d.]+$")  # a variation, which the label tells, not another pair


@dataclass(frozen=True)
class Cell:
    """A mean over seeds.

    Attributes:
        mean: percent.
        deviation: sample standard deviation in points, None for a single seed.
        count: number of seeds.
    """

    mean: float
    deviation: float | None
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.1f}" + (f" ±{self.deviation:.1f}" if self.deviation is not None else "")


def cell(values: Iterable[float | None]) -> Cell | None:
    """Summarise what was measured; None when nothing was."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = statistics.stdev(known) if len(known) > 1 else None
    return Cell(statistics.fmean(known), deviation, len(known))


@dataclass(frozen=True)
class Group:
    """The runs of one setup: the same objective, variation, transformation and pair, other seeds.

    Attributes:
        label: the objective with what is varied.
        title: the transformation, followed by the pair where the report has several pairs of it.
        runs: one a seed.
    """

    label: str
    title: str
    runs: tuple[Run, ...]

    @property
    def objective(self) -> str:
        """The objective's name."""
        return self.runs[0].objective

    @property
    def transformation(self) -> str:
        """The transformation of the language pair."""
        return self.runs[0].transformation

    @property
    def is_default(self) -> bool:
        """Whether the setup is the paper's default one, and so comparable to its Tables 3 and 8."""
        return self.runs[0].is_default

    def score(self, task: str, metric: str, direction: str) -> Cell | None:
        """Summarise one score; SUP, ZS and delta over the seeds where it was measured."""
        return cell(run.score(task, metric, direction) for run in self.runs)

    def alignment(self, which: str) -> Cell | None:
        """Summarise one alignment score: frequency, held_out_frequency, all, dictionary or held_out."""
        return cell(run.alignment.get(which) for run in self.runs)

    def scores_by_seed(self, task: str, metric: str, direction: str) -> dict[int, float]:
        """Return one score of every seed that has it; published runs have no seed."""
        scores = ((run.seed, run.score(task, metric, direction)) for run in self.runs)
        return {seed: score for seed, score in scores if seed is not None and score is not None}

    def alignment_by_seed(self, which: str) -> dict[int, float]:
        """Return one alignment score of every seed that has it."""
        scores = ((run.seed, run.alignment.get(which)) for run in self.runs)
        return {seed: score for seed, score in scores if seed is not None and score is not None}


def groups_of(runs: Iterable[Run]) -> list[Group]:
    """Gather runs of one scale into groups, in order of transformation, objective and what is varied."""
    found: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.transformation, run.pair, run.label), []).append(run)
    pairs: dict[str, set[str]] = {}
    for transformation, pair, _ in found:
        pairs.setdefault(transformation, set()).add(_OVERLAP.sub("", pair))
    groups = []
    for (transformation, pair, label), members in found.items():
        title = transformation if len(pairs[transformation]) == 1 else f"{transformation} {_OVERLAP.sub('', pair)}"
        groups.append(Group(label, title, tuple(members)))
    return sorted(groups, key=_place)


def _place(group: Group) -> tuple[object, ...]:
    variations = sorted(group.runs[0].variations.items())
    return (transformation_key(group.transformation), group.title, sort_key(group.objective), variations, group.label)


def main_alignment(runs: Iterable[Run]) -> str:
    """Return the alignment score to compare runs by: weighted by frequency, or over all tokens where one lacks that."""
    measured = [run for run in runs if run.alignment.get("all") is not None]
    return "frequency" if measured and all(run.alignment.get("frequency") is not None for run in measured) else "all"


def titles_of(groups: Sequence[Group]) -> list[str]:
    """Return the titles of groups, in the paper's order of their transformations."""
    return [title for _, title in sorted({(transformation_key(g.transformation), g.title) for g in groups})]


def tasks_of(groups: Sequence[Group]) -> list[str]:
    """Return the tasks that any run was tested on, in the paper's order."""
    return sorted({task for group in groups for run in group.runs for task in run.transfer}, key=task_key)


def defaults_of(groups: Sequence[Group]) -> list[Group]:
    """Return the paper's default setups, which figures compare; all setups where there are none of these."""
    return [group for group in groups if group.is_default] or list(groups)
