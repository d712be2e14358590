"""What a report lacks for the paper's whole grid, and what makes its numbers uneven."""

from __future__ import annotations

from collections.abc import Sequence

from fairseq_alignmlm.analysis.comparison import ALIGNMENTS
from fairseq_alignmlm.analysis.objectives import OBJECTIVES
from fairseq_alignmlm.analysis.summary import Group
from fairseq_alignmlm.analysis.sweeps import OF_THE_PAPER, swept
from fairseq_alignmlm.analysis.tasks import TASKS, TRANSFORMATIONS, main_metric, task_title


def missing(groups: Sequence[Group]) -> list[str]:
    """Say in sentences what the grid of objectives, transformations and tasks lacks.

    Args:
        groups: of one scale.
    """
    sentences = []
    present = {(group.objective, group.transformation) for group in groups if group.is_default}
    for transformation in TRANSFORMATIONS:
        usual = {name: row for name, row in OBJECTIVES.items() if not row.by_name}
        absent = [row.title for name, row in usual.items() if (name, transformation) not in present]
        if len(absent) == len(usual):
            sentences.append(f"No run under {transformation}.")
        elif absent:
            sentences.append(f"Under {transformation} there is no run of {', '.join(absent)}.")
    without = {task: _without(groups, task) for task in TASKS}
    for task, labels in without.items():
        if len(labels) == len(groups):
            sentences.append(f"No run was tested on {task_title(task)}.")
        elif labels:
            sentences.append(f"{task_title(task)} is missing for {'; '.join(labels)}.")
    partial = [text for task in TASKS for text in _some_seeds(groups, task)]
    if partial:
        sentences.append(f"Not measured for every seed: {'; '.join(partial)}.")
    for which, title in ALIGNMENTS.items():
        labels = [_name(group) for group in groups if group.alignment(which) is None]
        if labels and which in ("all", "held_out"):
            everywhere = len(labels) == len(groups)
            sentences.append(f"Alignment ({title}) is missing for {'all runs' if everywhere else '; '.join(labels)}.")
    not_varied = [sweep.title for sweep in OF_THE_PAPER if not swept(sweep, groups)]
    if not_varied:
        sentences.append(f"Not varied, so not here: {'; '.join(not_varied)}.")
    seeds = {len(group.runs) for group in groups}
    if len(seeds) > 1:
        few = [f"{_name(group)} {len(group.runs)}" for group in groups if len(group.runs) < max(seeds)]
        sentences.append(f"Fewer than {max(seeds)} seeds: {'; '.join(few)}.")
    elif seeds == {1}:
        sentences.append("Every setup was run with one seed only, so no deviation can be given.")
    return sentences


def _name(group: Group) -> str:
    return f"{group.label} under {group.title}"


def _without(groups: Sequence[Group], task: str) -> list[str]:
    metric = main_metric(task)
    return [_name(group) for group in groups if group.score(task, metric, "delta") is None]


def _some_seeds(groups: Sequence[Group], task: str) -> list[str]:
    found = []
    for group in groups:
        score = group.score(task, main_metric(task), "delta")
        if score is not None and score.count < len(group.runs):
            found.append(f"{task_title(task)} of {_name(group)} ({score.count} of {len(group.runs)})")
    return found
