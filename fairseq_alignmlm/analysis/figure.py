"""Figures 2 and 3 of the paper from our runs, readable in colour and in grey."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.analysis.correlation import Correlation
from fairseq_alignmlm.analysis.layout import SCREEN, STYLE, Layout
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.summary import Cell, Group, groups_of, main_alignment, tasks_of, titles_of
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE = "#222222"
FILLS = {"trans": "bottom", "trans+inv": "full", "trans+syn": "left"}
ALIGNMENT_AXES = {"frequency": "alignment by frequency (%)", "all": "alignment, all tokens alike (%)"}
# of pairs of natural languages: how much of the marker is filled, and the sign in it
PAIR_MARKS = (("top", ""), ("right", ""), ("full", "."), ("full", "+"), ("full", "x"), ("full", "_"), ("top", "."))


def delta_bars(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw delta of every objective and task, one panel a transformation (Figure 2).

    Args:
        groups: of one scale.
        layout: sizes.
    """

    def draw(axis: Any, place: float, width: float, group: Group, task: str) -> None:
        found = group.score(task, main_metric(task), "delta")
        if found is not None:
            axis.bar_label(_bar(axis, place, width, group, found), fmt=layout.numbers, padding=2, fontsize=layout.tiny)

    return _bars(groups, layout, draw, "Δ = SUP - ZS (points; lower is better)")


def score_bars(groups: Sequence[Group], layout: Layout = SCREEN) -> Figure:
    """Draw zero-shot scores as bars and supervised scores as lines above them; the gap is delta.

    Args:
        groups: of one scale.
        layout: sizes.
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
                fontsize=layout.tiny,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            )
        if supervised is not None:
            axis.hlines(supervised.mean, place - width * 0.42, place + width * 0.42, color=EDGE, linewidth=2.2)
            above = 0.0 if zero_shot is None else zero_shot.mean + (zero_shot.deviation or 0.0)
            top = (place, max(supervised.mean, above))
            axis.annotate(
                f"{supervised.mean:.0f}", top, (0, 3), textcoords="offset points", ha="center", fontsize=layout.tiny
            )
        axis.set_ylim(0, 108)

    return _bars(groups, layout, draw, "score (%): bar ZS, line SUP")


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


def _bars(
    groups: Sequence[Group], layout: Layout, draw: Callable[[Any, float, float, Group, str], None], what: str
) -> Figure:
    """Lay out one panel a transformation, in it the tasks, for each task the objectives side by side."""
    from matplotlib import rc_context

    tasks = tasks_of(groups)
    titles = titles_of(groups)
    labels = list(dict.fromkeys(group.label for group in groups))
    with rc_context(layout.style):
        width, lines = 1.3 + 0.95 * len(tasks), layout.legend_lines(labels)
        figure, axes = layout.panels(len(titles), width, 3.2, lines, sharey=True)
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
        layout.label_y(figure, axes, what)
        _bar_legend(figure, groups, layout)
    return figure


def _task_label(task: str) -> str:
    return f"{task_title(task)}\n({metric_title(task, main_metric(task))})"


def _bar_legend(figure: Figure, groups: Sequence[Group], layout: Layout) -> None:
    from matplotlib.patches import Patch

    styles = {group.label: objective_named(group.objective) for group in groups}
    handles = [
        Patch(facecolor=style.colour, hatch=style.hatch, edgecolor=EDGE, label=label) for label, style in styles.items()
    ]
    figure.legend(handles=handles, loc="lower center", ncols=min(layout.legend_columns, len(handles)), frameon=False)


def alignment_scatter(
    runs: Sequence[Run], correlations: dict[str, Correlation | None], layout: Layout = SCREEN
) -> Figure:
    """Draw delta over alignment, one point a run, one panel a task (Figure 3).

    Objectives differ in the form and the colour of their markers, transformations and pairs of natural languages in how
    much of them is filled, and with what.

    Args:
        runs: of one scale, each with an alignment score.
        correlations: Spearman's rho of every task, for the panels' titles; the keys are the panels.
        layout: sizes.
    """
    from matplotlib import rc_context

    which, groups = main_alignment(runs), groups_of(runs)
    styles = {style.title: style for style in (objective_named(run.objective) for run in runs)}
    marks = _marks(titles_of(groups))
    lines = layout.legend_lines(list(styles))
    below = layout.legend_lines(list(marks)) if len(marks) > 1 else 0
    with rc_context(layout.style):
        figure, axes = layout.panels(len(correlations), 3.4, 3.2, lines + below)
        for axis, (task, correlation) in zip(axes, correlations.items(), strict=True):
            rho = "ρ not defined" if correlation is None else f"ρ = {correlation.rho:.2f}, {correlation.setups} setups"
            axis.set_title(f"{task_title(task)}: {rho}", fontsize=layout.font)
            for title, run in ((group.title, run) for group in groups for run in group.runs):
                delta = run.score(task, main_metric(task), "delta")
                if delta is None or run.alignment.get(which) is None:
                    continue
                for marker in _markers(objective_named(run.objective), marks[title], layout):
                    axis.plot(run.alignment[which], delta, **marker)
            axis.set_xlim(-4, 104)
            axis.margins(y=0.12)
            axis.axhline(0, color=EDGE, linewidth=0.8)  # in sight, so that distances can be compared
        layout.label_x(axes, ALIGNMENT_AXES.get(which, which))
        layout.label_y(figure, axes, "Δ = SUP - ZS (points; lower is better)")
        place = 0.0
        if below:
            _legend(figure, {title: (objective_named("mlm"), mark) for title, mark in marks.items()}, layout, 0.0)
            place = layout.legend_line * below / figure.get_size_inches()[1]
        _legend(figure, {label: (style, ("full", "")) for label, style in styles.items()}, layout, place)
    return figure


def _marks(titles: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return how the markers of every title are filled, and the sign in them."""
    further = cycle(PAIR_MARKS)
    return {title: (FILLS[title], "") if title in FILLS else next(further) for title in titles}


def _legend(figure: Figure, entries: Mapping[str, tuple[Any, tuple[str, str]]], layout: Layout, place: float) -> None:
    from matplotlib.lines import Line2D

    same = len({style.name for style, _ in entries.values()}) == 1 < len(entries)  # it is the filling that counts
    handles: list[Any] = [
        tuple(Line2D([], [], **each) for each in _markers(style, mark, layout, "#777777" if same else None))
        for style, mark in entries.values()
    ]
    columns = min(layout.legend_columns, len(handles))
    figure.legend(handles, list(entries), loc="lower center", ncols=columns, frameon=False, bbox_to_anchor=(0.5, place))


def _markers(style: Any, mark: tuple[str, str], layout: Layout, colour: str | None = None) -> list[dict[str, Any]]:
    """Return what is drawn for a point: its marker, and the sign in it if it has one."""
    fill, sign = mark
    marker = {
        "marker": style.marker,
        "linestyle": "none",
        "markersize": layout.marker,
        "fillstyle": fill,
        "markerfacecolor": colour or style.colour,
        "markerfacecoloralt": "white",
        "markeredgecolor": EDGE,
        "markeredgewidth": 1.1,
    }
    on = "white" if _is_dark(colour or style.colour) else EDGE
    inner = {
        "marker": sign,
        "linestyle": "none",
        "markersize": layout.marker * 0.5,
        "color": on,
        "markeredgewidth": 1.3,
    }
    return [marker, *([inner] if sign else [])]


def _is_dark(colour: str) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def rendered(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``png`` (150 dots per inch), ``svg`` or ``pdf``, without the date so that bytes repeat."""
    from matplotlib import rc_context

    out = io.BytesIO()
    without = {"svg": ("Date",), "pdf": ("CreationDate", "Producer", "Creator"), "png": ("Software",)}
    with rc_context(STYLE):
        figure.savefig(out, format=kind, dpi=150, metadata=dict.fromkeys(without[kind]))
    return out.getvalue()
