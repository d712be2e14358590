"""Curves over the checkpoints of pre-training: alignment, word translation, retrieval, loss, zero-shot transfer."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.figure import EDGE
from fairseq_alignmlm.analysis.layout import SCREEN, Layout
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.summary import Group
from fairseq_alignmlm.analysis.table import Table
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL_WIDTH, PANEL_HEIGHT = 3.3, 2.6  # inches
COLUMNS = 3
DASHES = {"trans": (), "trans+inv": (4, 2), "trans+syn": (1, 1.5)}
PERCENT = {
    "alignment.frequency": "alignment by frequency (%)",
    "alignment.all": "alignment, all tokens alike (%)",
    "alignment.held_out": "alignment, held-out tokens (%)",
    "words": "word translation, best layer (%)",
    "sentences": "sentence retrieval, best layer (%)",
}


def _names(groups: Sequence[Group]) -> dict[str, str]:
    """Return what is drawn, with the title of its panel."""
    there = {name for group in groups for run in group.runs for point in run.emergence for name in point}
    found = {name: title for name, title in PERCENT.items() if name in there}
    for task in sorted({name.split(".")[1] for name in there if name.startswith("zs.")}):
        metric = main_metric(task)
        if f"zs.{task}.{metric}" in there:
            found[f"zs.{task}.{metric}"] = f"{task_title(task)} ZS, {metric_title(task, metric)} (%)"
    return found | ({"loss": "loss on masked tokens (bits)"} if any(name.startswith("loss.") for name in there) else {})


def _mean(group: Group, name: str) -> list[tuple[float, float]]:
    """Return updates and mean over the seeds; the loss is the mean of both languages."""
    found: dict[float, list[float]] = {}
    for run in group.runs:
        for point in run.emergence:
            losses = [value for each, value in point.items() if each.startswith("loss.")] if name == "loss" else []
            value = fmean(losses) if losses else point.get(name)
            if value is not None:
                found.setdefault(point["updates"], []).append(value)
    return [(updates, fmean(found[updates])) for updates in sorted(found)]


def measured(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that have curves."""
    return [group for group in groups if any(run.emergence for run in group.runs)]


def emergence_curves(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw every measure over updates, a panel each; colour tells the objective, dashes the transformation.

    Args:
        groups: of one scale, with curves.
        layout: sizes.
    """
    from matplotlib import rc_context

    names = _names(groups)
    labels = {f"{group.label}, {group.title}": group for group in groups}
    lines = layout.legend_lines(list(labels))
    with rc_context(layout.style):
        figure, axes = layout.panels(len(names), PANEL_WIDTH, PANEL_HEIGHT, lines, across=COLUMNS)
        for (name, title), axis in zip(names.items(), axes, strict=True):
            axis.set_title(title, fontsize=layout.small)
            for group in groups:
                points = _mean(group, name)
                _line(axis, group, [x for x, _ in points], [y for _, y in points])
            axis.set_xlabel("updates", fontsize=layout.small)
            axis.set_xlim(left=0)
            if name != "loss":
                axis.set_ylim(-4, 104)
        handles = [_line(None, group, [], [], label) for label, group in labels.items()]
        figure.legend(
            handles=handles, loc="lower center", ncols=min(layout.legend_columns, len(handles)), frameon=False
        )
    return figure


def _line(axis: Any, group: Group, x: Sequence[float], y: Sequence[float], label: str = "") -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    style = objective_named(group.objective)
    dashes = DASHES.get(group.transformation, (6, 1, 1, 1))
    look: dict[str, Any] = {"color": style.colour, "linewidth": 1.6, "linestyle": (0, dashes) if dashes else "-"}
    look["path_effects"] = [Stroke(linewidth=2.4, foreground=EDGE), Normal()]  # light colours stay visible
    look |= {"marker": style.marker, "markersize": 4.5, "markeredgecolor": EDGE, "markeredgewidth": 0.7}
    line = Line2D(x, y, label=label, **look)
    if axis is not None:
        axis.add_line(line)
        axis.autoscale_view()
    return line


def emergence_table(groups: Sequence[Group]) -> Table:
    """Tabulate the curves, a row a checkpoint, means over the seeds."""
    names = _names(groups)
    header = ("transformation", "objective", "seeds", "updates", *names.values())
    rows = []
    for group in groups:
        columns = [dict(_mean(group, name)) for name in names]
        seeds = sum(bool(run.emergence) for run in group.runs)
        for updates in sorted({each for column in columns for each in column}):
            scores = [f"{column[updates]:.1f}" if updates in column else "" for column in columns]
            rows.append((group.title, group.label, str(seeds), f"{updates:,.0f}", *scores))
    return Table("Curves", header, tuple(rows), 2)
