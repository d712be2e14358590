"""A figure: word-order statistics of several texts, and sentences in two orders with their trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.languages.syntax.conllu import LABEL, Sentence
from data_prep.languages.syntax.statistics import STATISTICS, OrderCounts
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path

FORMATS = (".png", ".pdf", ".svg")
INK, FAINT = "#1c1c1c", "#8a8a8a"
_GREYS = ("#ffffff", "#4a4a4a", "#c4c4c4", "#8c8c8c", "#e4e4e4")
_HATCHES = ("", "", "///", "...", "xx")
_POINTS_PER_LETTER, _GAP, _LEVEL = 5.3, 9.0, 10.5
"""Points: width of a letter, space between words, height of a level of arcs."""
_BARS = (8.0, 3.0)
"""Inches: width and height of the statistics, however long the examples are."""


def _bars(axes: Any, columns: Mapping[str, OrderCounts]) -> None:
    width = 0.8 / len(columns)
    for number, (name, counts) in enumerate(columns.items()):
        places = [row + (number - (len(columns) - 1) / 2) * width for row in range(len(STATISTICS))]
        shares = [counts.percent(statistic.name) for statistic in STATISTICS]
        bars = axes.barh(
            places,
            shares,
            height=width * 0.9,
            label=name,
            color=_GREYS[number % len(_GREYS)],
            hatch=_HATCHES[number % len(_HATCHES)],
            edgecolor=INK,
            linewidth=0.7,
        )
        axes.bar_label(bars, [f"{share:.1f}" for share in shares], padding=2, fontsize=7, color=INK)
    axes.set_yticks(range(len(STATISTICS)), [statistic.name for statistic in STATISTICS])
    axes.invert_yaxis()
    axes.set_xlim(0, 108)
    axes.set_xlabel("% of cases")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncol=len(columns))


def _centres(sentence: Sentence) -> tuple[list[float], float]:
    """Return where the words of a row have their middles, and where the row ends, in points."""
    left, centres = 0.0, []
    for word in sentence.words:
        width = max(len(word), 2) * _POINTS_PER_LETTER
        centres.append(left + width / 2)
        left += width + _GAP
    return centres, left


def _levels(heads: Sequence[int]) -> dict[int, int]:
    """Return for every dependent how high its arc goes, so that an arc passes over those below it."""
    arcs = sorted((abs(head - i), min(i, head), max(i, head), i) for i, head in enumerate(heads) if head >= 0)
    levels: dict[int, int] = {}
    done: list[tuple[int, int, int]] = []
    for _, left, right, dependent in arcs:
        levels[dependent] = level = 1 + max((lv for a, b, lv in done if a < right and b > left), default=0)
        done.append((left, right, level))
    return levels


def _highest(sentence: Sentence) -> int:
    return max(_levels(sentence.heads).values(), default=1)


def _tree(axes: Any, sentence: Sentence, title: str, span: float) -> None:
    """Draw words in a row, 1 unit = 1 point, with an arc from every head to its dependents."""
    centres, _ = _centres(sentence)
    for centre, word in zip(centres, sentence.words, strict=True):
        axes.text(centre, -4, word, ha="center", va="top", fontsize=8, color=INK)
    for index, level in _levels(sentence.heads).items():
        head = sentence.heads[index]
        toward_head = 2.5 if head > index else -2.5
        start, end, height = centres[head] - toward_head, centres[index] + toward_head / 2, level * _LEVEL
        axes.plot([start, start, end, end], [0, height, height, 2], color=FAINT, linewidth=0.6)
        axes.plot([end], [1.5], marker="v", markersize=2.5, color=FAINT)
        axes.text(
            (start + end) / 2,
            height,
            sentence.rows[index][LABEL],
            ha="center",
            va="center",
            fontsize=5.5,
            color=INK,
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
        )
    axes.set_xlim(-4, span)
    axes.set_ylim(-16, (_highest(sentence) + 1) * _LEVEL)
    axes.set_title(title, loc="left", fontsize=8, color=FAINT, pad=0)
    axes.axis("off")


def draw(path: Path, columns: Mapping[str, OrderCounts], examples: Sequence[tuple[Sentence, Sentence]]) -> None:
    """Draw the shares of :data:`STATISTICS` as bars, and below them examples in one order above the other.

    Args:
        path: the file to write.
        columns: name of a text and its counts; the first is the text as it is, the second the reordered one.
        examples: a tree as it is and reordered.

    Raises:
        InputError: the file's name does not end in .png, .pdf or .svg.
    """
    if path.suffix not in FORMATS:
        raise InputError.at(path, None, "not a known image format", f"end the name in {', '.join(FORMATS)}")
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"text.parse_math": False}):  # words may hold a $
        trees = [
            (f"{number}{side}  {name}", tree)
            for number, pair in enumerate(examples, 1)
            for side, name, tree in zip("ab", columns, pair, strict=False)
        ]
        width = max([_BARS[0], *(_centres(tree)[1] / 72 + 0.4 for _, tree in trees)])
        heights = [_BARS[1], *((_LEVEL * (_highest(tree) + 1) + 30) / 72 for _, tree in trees)]
        figure = Figure(figsize=(width, sum(heights)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        beside = width - _BARS[0]
        statistics = panels[0].subfigures(1, 2, width_ratios=(_BARS[0], beside))[0] if beside > 0 else panels[0]
        _bars(statistics.subplots(), columns)
        for panel, (title, tree) in zip(panels[1:], trees, strict=True):
            _tree(panel.subplots(), tree, title, width * 72)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=160)
