"""Figures of lines: learning curves, alignment over the frequency of words, and one setting varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.figure import ALIGNMENT_AXES, EDGE
from fairseq_alignmlm.analysis.frequency import bins_of
from fairseq_alignmlm.analysis.layout import SCREEN, Layout
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.summary import Cell, Group, main_alignment, tasks_of, titles_of
from fairseq_alignmlm.analysis.sweeps import Sweep, setup_beside, swept
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title

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


def learning_curves(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw the loss on masked tokens over updates, one line an objective, one panel a transformation.

    Args:
        groups: of one scale; those without curves are left out.
        layout: sizes.
    """
    from matplotlib import rc_context

    drawn = [(group, *curve) for group in groups if (curve := mean_curve(group))[0]]
    with rc_context(layout.style):
        figure, by_title = _panels([group for group, *_ in drawn], layout)
        for group, updates, losses in drawn:
            _line(by_title[group.title], group.objective, updates, losses)
        for axis in by_title.values():
            axis.set_xlim(left=0)
        layout.label_x(list(by_title.values()), "updates")
        layout.label_y(figure, list(by_title.values()), "loss on masked tokens (bits)")
        _legend(figure, {group.label: group.objective for group, *_ in drawn}, layout)
    return figure


def frequency_lines(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw alignment over the rank of words by frequency, one line an objective, one panel a transformation.

    Args:
        groups: of one scale; those without the measurement are left out.
        layout: sizes.
    """
    from matplotlib import rc_context

    drawn = [(group, bins) for group in groups if (bins := bins_of(group))]
    with rc_context(layout.style):
        figure, by_title = _panels([group for group, _ in drawn], layout)
        for group, bins in drawn:
            axis = by_title[group.title]
            middle = [(first + last) / 2 for first, last, _ in bins]
            means = [score.mean for _, _, score in bins]
            deviations = [score.deviation or 0.0 for _, _, score in bins]
            colour = objective_named(group.objective).colour
            low = [mean - deviation for mean, deviation in zip(means, deviations, strict=True)]
            high = [mean + deviation for mean, deviation in zip(means, deviations, strict=True)]
            axis.fill_between(middle, low, high, color=colour, alpha=0.35, linewidth=0)
            _line(axis, group.objective, middle, means)
        for axis in by_title.values():
            axis.set_ylim(-4, 104)
            axis.set_xlim(left=0)
        layout.label_x(list(by_title.values()), "rank of the token by frequency")
        layout.label_y(figure, list(by_title.values()), "alignment (%)")
        _legend(figure, {group.label: group.objective for group, _ in drawn}, layout)
    return figure


def sweep_lines(sweep: Sweep, groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw alignment, and for every task zero-shot (line) and supervised scores (dashes), over the varied setting.

    Args:
        sweep: one that `sweep_table` has a table for.
        groups: of one scale.
        layout: sizes.
    """
    from matplotlib import rc_context

    measured = swept(sweep, groups)
    which = main_alignment(run for group in measured.values() for run in group.runs)
    places = {value: place for place, value in enumerate(sorted({value for value, _ in measured}))}
    beside = setup_beside(sweep, groups)
    tasks = [task for task in tasks_of(groups) if _is_varied(measured, task)]
    names = {objective_named(objective).title: objective for _, objective in measured}
    names |= {beside.label: beside.objective} if beside else {}
    with rc_context(layout.style):
        lines = layout.legend_lines(list(names))
        figure, axes = layout.panels(1 + len(tasks), PANEL_WIDTH, PANEL_HEIGHT, lines, sharey=True)
        for axis, task in zip(axes, [None, *tasks], strict=True):
            transfer = f"{task_title(task)} ({metric_title(task, main_metric(task))})" if task else ""
            axis.set_title(transfer or ALIGNMENT_AXES[which])
            axis.set_xticks(list(places.values()), [f"{value:g}" for value in places])
            axis.set_ylim(-4, 104)
            if beside is not None:
                metric = main_metric(task) if task else ""
                _level(axis, beside, beside.score(task, metric, "zs") if task else beside.alignment(which))
            for objective in dict.fromkeys(objective for _, objective in measured):
                setups = [(places[value], measured[value, of]) for value, of in sorted(measured) if of == objective]
                if task is None:
                    _sweep_line(axis, objective, [(place, group.alignment(which)) for place, group in setups])
                    continue
                metric = main_metric(task)
                supervised = [(place, group.score(task, metric, "sup")) for place, group in setups]
                _sweep_line(axis, objective, supervised, dashed=True)
                _sweep_line(axis, objective, [(place, group.score(task, metric, "zs")) for place, group in setups])
        layout.label_x(axes, sweep.axis)
        layout.label_y(figure, axes, "percent")
        _legend(figure, names, layout)
    return figure


def _is_varied(measured: Mapping[tuple[float, str], Group], task: str) -> bool:
    known = {value for (value, _), group in measured.items() if group.score(task, main_metric(task), "zs")}
    return len(known) > 1


def _level(axis: Any, group: Group, score: Cell | None) -> None:
    """Draw the score of a setup that has not the varied setting across the panel."""
    if score is not None:
        style, across = objective_named(group.objective), axis.get_yaxis_transform()
        axis.plot([0, 1], [score.mean] * 2, color=EDGE, linewidth=2.6, transform=across)
        axis.plot([0, 1], [score.mean] * 2, color=style.colour, linewidth=1.5, transform=across)
        axis.plot([0.5], [score.mean], color=style.colour, transform=across, **_markers(style, 1))


def _sweep_line(axis: Any, objective: str, scores: Sequence[tuple[int, Cell | None]], dashed: bool = False) -> None:
    known = [(place, score) for place, score in scores if score is not None]
    x, y = [place for place, _ in known], [score.mean for _, score in known]
    if dashed:
        axis.plot(x, y, color=EDGE, linewidth=2.6, dashes=(3, 2))
        axis.plot(x, y, color=objective_named(objective).colour, linewidth=1.5, dashes=(5.2, 3.47))  # the same lengths
        return
    axis.errorbar(x, y, [score.deviation or 0.0 for _, score in known], fmt="none", ecolor=EDGE, capsize=3, linewidth=1)
    _line(axis, objective, x, y)


def _panels(drawn: Sequence[Group], layout: Layout) -> tuple[Figure, dict[str, Any]]:
    titles = titles_of(drawn)
    lines = layout.legend_lines(list({one.label for one in drawn}))
    figure, axes = layout.panels(len(titles), PANEL_WIDTH, PANEL_HEIGHT, lines, sharey=True)
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title)
    return figure, dict(zip(titles, axes, strict=True))


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


def _legend(figure: Figure, objectives: dict[str, str], layout: Layout) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for label, objective in objectives.items():
        style = objective_named(objective)
        handles.append(Line2D([], [], label=label, color=style.colour, linewidth=1.5, **_markers(style, 1)))
    above = (0.5, layout.legend_line / figure.get_size_inches()[1] / 4)
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=min(layout.legend_columns, len(handles)),
        frameon=False,
        bbox_to_anchor=above,
    )
