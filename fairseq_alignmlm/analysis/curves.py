"""Figures of lines: learning curves, and alignment over the frequency of words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.figure import EDGE, LEGEND_LINE, STYLE, panels
from fairseq_alignmlm.analysis.frequency import bins_of
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.summary import Group
from fairseq_alignmlm.analysis.tasks import transformation_key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL_WIDTH, PANEL_HEIGHT = 3.6, 3.2  # inches
MARKERS = 6  # on a line


def mean_curve(group: Group) -> tuple[list[float], list[float]]:
    """Return the updates of a setup's curves, and the loss there averaged over the seeds that logged it."""
    losses: dict[float, list[float]] = {}
    for run in group.runs:
        if run.curve:
            for update, loss in zip(run.curve["updates"], run.curve["loss"], strict=True):
                losses.setdefault(update, []).append(loss)
    updates = sorted(losses)
    return updates, [fmean(losses[update]) for update in updates]


def learning_curves(groups: Sequence[Group]) -> Figure:
    """Draw the loss on masked tokens over updates, one line an objective, one panel a transformation.

    Args:
        groups: of one scale; those without curves are left out.
    """
    from matplotlib import rc_context

    drawn = [(group, *curve) for group in groups if (curve := mean_curve(group))[0]]
    with rc_context(STYLE):
        figure, by_transformation = _panels([group for group, *_ in drawn])
        for group, updates, losses in drawn:
            _line(by_transformation[group.transformation], group.objective, updates, losses)
        for axis in by_transformation.values():
            axis.set_xlabel("updates")
            axis.set_xlim(left=0)
        next(iter(by_transformation.values())).set_ylabel("loss on masked tokens (bits)", fontsize=9)
        _legend(figure, {group.label: group.objective for group, *_ in drawn})
    return figure


def frequency_lines(groups: Sequence[Group]) -> Figure:
    """Draw alignment over the rank of words by frequency, one line an objective, one panel a transformation.

    Args:
        groups: of one scale; those without the measurement are left out.
    """
    from matplotlib import rc_context

    drawn = [(group, bins) for group in groups if (bins := bins_of(group))]
    with rc_context(STYLE):
        figure, by_transformation = _panels([group for group, _ in drawn])
        for group, bins in drawn:
            axis = by_transformation[group.transformation]
            middle = [(first + last) / 2 for first, last, _ in bins]
            means = [score.mean for _, _, score in bins]
            deviations = [score.deviation or 0.0 for _, _, score in bins]
            colour = objective_named(group.objective).colour
            low = [mean - deviation for mean, deviation in zip(means, deviations, strict=True)]
            high = [mean + deviation for mean, deviation in zip(means, deviations, strict=True)]
            axis.fill_between(middle, low, high, color=colour, alpha=0.35, linewidth=0)
            _line(axis, group.objective, middle, means)
        for axis in by_transformation.values():
            axis.set_xlabel("rank of the token by frequency")
            axis.set_ylim(-4, 104)
            axis.set_xlim(left=0)
        next(iter(by_transformation.values())).set_ylabel("alignment (%)", fontsize=9)
        _legend(figure, {group.label: group.objective for group, _ in drawn})
    return figure


def _panels(drawn: Sequence[Group]) -> tuple[Figure, dict[str, Any]]:
    transformations = sorted({one.transformation for one in drawn}, key=transformation_key)
    lines = 1 + (len({one.label for one in drawn}) - 1) // 4
    figure, axes = panels(len(transformations), PANEL_WIDTH, PANEL_HEIGHT, lines, sharey=True)
    for axis, transformation in zip(axes, transformations, strict=True):
        axis.set_title(transformation)
    return figure, dict(zip(transformations, axes, strict=True))


def _line(axis: Any, objective: str, x: Sequence[float], y: Sequence[float]) -> None:
    """Draw a line with a dark edge, so that light colours stay visible, and a few markers."""
    style = objective_named(objective)
    axis.plot(x, y, color=EDGE, linewidth=2.6)
    axis.plot(x, y, color=style.colour, linewidth=1.5, **_markers(style, max(1, len(x) // MARKERS)))


def _markers(style: Any, every: int) -> dict[str, Any]:
    return {
        "marker": style.marker,
        "markersize": 6,
        "markeredgecolor": EDGE,
        "markeredgewidth": 0.9,
        "markevery": (every // 2, every),
    }


def _legend(figure: Figure, objectives: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for label, objective in objectives.items():
        style = objective_named(objective)
        handles.append(Line2D([], [], label=label, color=style.colour, linewidth=1.5, **_markers(style, 1)))
    above = (0.5, LEGEND_LINE / figure.get_size_inches()[1] / 4)
    figure.legend(handles=handles, loc="lower center", ncols=min(4, len(handles)), frameon=False, bbox_to_anchor=above)
