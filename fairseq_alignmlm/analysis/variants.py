"""Runs with other settings than their scale's, beside those with the scale's own: one bar a variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.figure import ALIGNMENT_AXES, EDGE
from fairseq_alignmlm.analysis.layout import SCREEN, Layout
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.summary import Cell, Group, main_alignment, tasks_of
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BAR = 0.3  # inches
WIDTH = 3.6  # of a panel, in inches


def has_variants(groups: Sequence[Group]) -> bool:
    """Tell whether some runs have settings of their own."""
    return any(run.variant for group in groups for run in group.runs)


def variant_bars(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw alignment and zero-shot scores of every setup as bars, with a point a seed.

    Args:
        groups: of one scale, in the order from top to bottom.
        layout: sizes.
    """
    from matplotlib import rc_context

    which = main_alignment(run for group in groups for run in group.runs)
    tasks = tasks_of(groups)
    height = 0.8 + BAR * len(groups)
    layout = replace(layout, height=height) if layout.width else layout
    with rc_context(layout.style):
        figure, axes = layout.panels(1 + len(tasks), WIDTH, height, 0, sharey=True)
        for axis, task in zip(axes, [None, *tasks], strict=True):
            metric = main_metric(task) if task else ""
            transfer = f"{task_title(task)} ZS, {metric_title(task, metric)} (%)" if task else ""
            axis.set_xlabel(transfer or ALIGNMENT_AXES[which], fontsize=layout.small)
            axis.set_xlim(0, 108)
            axis.grid(axis="y", visible=False)
            for place, group in enumerate(groups):
                seeds = group.scores_by_seed(task, metric, "zs") if task else group.alignment_by_seed(which)
                mean = group.score(task, metric, "zs") if task else group.alignment(which)
                _bar(axis, place, group, mean, list(seeds.values()), layout)
            names = [f"{group.label}, {group.title}" for group in groups]
            axis.set_yticks(range(len(groups)), names, fontsize=layout.small)
        axes[0].invert_yaxis()
    return figure


def _bar(axis: Any, place: int, group: Group, mean: Cell | None, seeds: Sequence[float], layout: Layout) -> None:
    if mean is None:
        return
    axis.barh(place, mean.mean, 0.7, color=objective_named(group.objective).colour, edgecolor=EDGE, linewidth=0.8)
    if len(seeds) > 1:
        axis.plot(seeds, [place] * len(seeds), linestyle="", marker="o", markersize=3, color=EDGE)
    axis.annotate(
        f"{mean.mean:.1f}", (mean.mean, place), (3, 0), textcoords="offset points", va="center", fontsize=layout.tiny
    )
