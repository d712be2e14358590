"""Figures 2 and 3 of the paper from our runs, readable in colour and in grey."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.correlation import Correlation
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.summary import Cell, Group, main_alignment, tasks_of, titles_of
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title, transformation_key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE = "#222222"
FILLS = {"trans": "bottom", "trans+inv": "full", "trans+syn": "left"}
ALIGNMENT_AXES = {"frequency": "alignment by frequency (%)", "all": "alignment, all tokens alike (%)"}
LEGEND_LINE = 0.25  # inches
LEGEND_COLUMNS = 4
NARROWEST = 5.5  # inches: four names beside each other in the legend
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "svg.hashsalt": "fairseq_alignmlm",  # the same input gives the same bytes
    "svg.fonttype": "path",  # no font of the reader's is needed
    "text.parse_math": False,  # names are names, also with a $ in them
}


def panels(count: int, width: float, height: float, legend_lines: int, **share: Any) -> tuple[Figure, list[Any]]:
    """Return a figure of panels side by side, with room for a legend below them, and their axes.

    Args:
        count: of panels.
        width: of one, in inches.
        height: of one, in inches.
        legend_lines: of the legend.
        share: ``sharex``, ``sharey``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    below = 0.1 + LEGEND_LINE * legend_lines
    above = ConstrainedLayoutEngine(rect=(0, below / (height + below), 1, height / (height + below)))
    figure = Figure(figsize=(max(NARROWEST, width * count), height + below), layout=above)
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, count, squeeze=False, **share)[0])


def legend_lines(labels: Sequence[str]) -> int:
    """Return the number of lines that a legend of these labels has."""
    return -(-len(labels) // LEGEND_COLUMNS)


def delta_bars(groups: Sequence[Group]) -> Figure:
    """Draw delta of every objective and task, one panel a transformation (Figure 2).

    Args:
        groups: of one scale.
    """

    def draw(axis: Any, place: float, width: float, group: Group, task: str) -> None:
        found = group.score(task, main_metric(task), "delta")
        if found is not None:
            axis.bar_label(_bar(axis, place, width, group, found), fmt="%.1f", padding=2, fontsize=7)

    return _bars(groups, draw, "Δ = SUP - ZS (points; lower is better)")


def score_bars(groups: Sequence[Group]) -> Figure:
    """Draw zero-shot scores as bars and supervised scores as lines above them; the gap is delta.

    Args:
        groups: of one scale.
    """

    def draw(axis: Any, place: float, width: float, group: Group, task: str) -> None:
        zero_shot = group.score(task, main_metric(task), "zs")
        supervised = group.score(task, main_metric(task), "sup")
        if zero_shot is not None:
            _bar(axis, place, width, group, zero_shot)
            axis.annotate(
                f"{zero_shot.mean:.0f}",
                (place, zero_shot.mean / 2),
                ha="center",
                va="center",
                fontsize=7,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            )
        if supervised is not None:
            axis.hlines(supervised.mean, place - width * 0.42, place + width * 0.42, color=EDGE, linewidth=2.2)
            above = 0.0 if zero_shot is None else zero_shot.mean + (zero_shot.deviation or 0.0)
            top = (place, max(supervised.mean, above))
            axis.annotate(f"{supervised.mean:.0f}", top, (0, 3), textcoords="offset points", ha="center", fontsize=7)
        axis.set_ylim(0, 108)

    return _bars(groups, draw, "score (%): bar ZS, line SUP")


def _bar(axis: Any, place: float, width: float, group: Group, height: Cell) -> Any:
    style = objective_named(group.objective)
    return axis.bar(
        place,
        height.mean,
        width * 0.92,
        yerr=height.deviation,
        color=style.colour,
        hatch=style.hatch,
        edgecolor=EDGE,
        linewidth=0.8,
        capsize=2,
    )


def _bars(groups: Sequence[Group], draw: Callable[[Any, float, float, Group, str], None], what: str) -> Figure:
    """Lay out one panel a transformation, in it the tasks, for each task the objectives side by side."""
    from matplotlib import rc_context

    tasks = tasks_of(groups)
    titles = titles_of(groups)
    labels = list(dict.fromkeys(group.label for group in groups))
    with rc_context(STYLE):
        figure, axes = panels(len(titles), 1.3 + 0.95 * len(tasks), 3.2, legend_lines(labels), sharey=True)
        width = 0.8 / len(labels)
        for axis, title in zip(axes, titles, strict=True):
            axis.set_title(title)
            axis.axhline(0, color=EDGE, linewidth=0.8)
            axis.margins(y=0.12)
            axis.grid(axis="x", visible=False)
            axis.set_xticks(range(len(tasks)), [_task_label(task) for task in tasks])
            axis.set_xlim(-0.6, len(tasks) - 0.4)
            for group in (g for g in groups if g.title == title):
                offset = (labels.index(group.label) - (len(labels) - 1) / 2) * width
                for place, task in enumerate(tasks):
                    draw(axis, place + offset, width, group, task)
        axes[0].set_ylabel(what, fontsize=9)
        _bar_legend(figure, groups)
    return figure


def _task_label(task: str) -> str:
    return f"{task_title(task)}\n({metric_title(task, main_metric(task))})"


def _bar_legend(figure: Figure, groups: Sequence[Group]) -> None:
    from matplotlib.patches import Patch

    styles = {group.label: objective_named(group.objective) for group in groups}
    handles = [
        Patch(facecolor=style.colour, hatch=style.hatch, edgecolor=EDGE, label=label) for label, style in styles.items()
    ]
    figure.legend(handles=handles, loc="lower center", ncols=min(LEGEND_COLUMNS, len(handles)), frameon=False)


def alignment_scatter(runs: Sequence[Run], correlations: dict[str, Correlation | None]) -> Figure:
    """Draw delta over alignment, one point a run, one panel a task (Figure 3).

    Args:
        runs: of one scale, each with an alignment score.
        correlations: Spearman's rho of every task, for the panels' titles; the keys are the panels.
    """
    from matplotlib import rc_context
    from matplotlib.lines import Line2D

    which = main_alignment(runs)
    styles = {style.title: style for style in (objective_named(run.objective) for run in runs)}
    transformations = sorted({run.transformation for run in runs}, key=transformation_key)
    with rc_context(STYLE):
        figure, axes = panels(len(correlations), 3.4, 3.2, legend_lines(list(styles)) + (len(transformations) > 1))
        for axis, (task, correlation) in zip(axes, correlations.items(), strict=True):
            rho = "ρ not defined" if correlation is None else f"ρ = {correlation.rho:.2f}, {correlation.setups} setups"
            axis.set_title(f"{task_title(task)}: {rho}", fontsize=10)
            for run in runs:
                delta = run.score(task, main_metric(task), "delta")
                if delta is None or run.alignment.get(which) is None:
                    continue
                axis.plot(run.alignment[which], delta, **_marker(objective_named(run.objective), run.transformation))
            axis.set_xlabel(ALIGNMENT_AXES.get(which, which))
            axis.set_xlim(-4, 104)
            axis.margins(y=0.08)
            axis.axhline(0, color=EDGE, linewidth=0.8)  # in sight, so that distances can be compared
        axes[0].set_ylabel("Δ = SUP - ZS (points; lower is better)", fontsize=9)
        objectives = [Line2D([], [], label=label, **_marker(style, "trans+inv")) for label, style in styles.items()]
        columns, below = min(LEGEND_COLUMNS, len(objectives)), 0.0
        if len(transformations) > 1:
            grey = objective_named("mlm")
            fills = [Line2D([], [], label=name, **_marker(grey, name, "#777777")) for name in transformations]
            figure.legend(handles=fills, loc="lower center", ncols=len(fills), frameon=False)
            below = LEGEND_LINE / figure.get_size_inches()[1]
        figure.legend(handles=objectives, loc="lower center", ncols=columns, frameon=False, bbox_to_anchor=(0.5, below))
    return figure


def _marker(style: Any, transformation: str, colour: str | None = None) -> dict[str, Any]:
    return {
        "marker": style.marker,
        "linestyle": "none",
        "markersize": 9,
        "fillstyle": FILLS.get(transformation, "top"),
        "markerfacecolor": colour or style.colour,
        "markerfacecoloralt": "white",
        "markeredgecolor": EDGE,
        "markeredgewidth": 1.1,
    }


def rendered(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``png`` (150 dots per inch) or ``svg``, without the date so that bytes repeat."""
    from matplotlib import rc_context

    out = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context(STYLE):
        figure.savefig(out, format=kind, dpi=150, metadata=metadata)
    return out.getvalue()
