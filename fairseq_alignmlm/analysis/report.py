"""The report: from runs to sections of tables, figures and sentences, and to a long table of all numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from fairseq_alignmlm.analysis.comparison import alignment_table, transfer_table
from fairseq_alignmlm.analysis.configuration import commands, runs_table, shared_table
from fairseq_alignmlm.analysis.correlation import Correlation, spearman
from fairseq_alignmlm.analysis.curves import frequency_lines, learning_curves, sweep_lines
from fairseq_alignmlm.analysis.difference_table import difference_table
from fairseq_alignmlm.analysis.emergence import emergence_curves, emergence_table, measured
from fairseq_alignmlm.analysis.figure import alignment_scatter, delta_bars, rendered, score_bars
from fairseq_alignmlm.analysis.frequency import frequency_table
from fairseq_alignmlm.analysis.gaps import missing
from fairseq_alignmlm.analysis.layout import COLUMN
from fairseq_alignmlm.analysis.page import Picture, Section
from fairseq_alignmlm.analysis.paper import paper_tables
from fairseq_alignmlm.analysis.results import DIRECTIONS, Run
from fairseq_alignmlm.analysis.summary import defaults_of, groups_of, main_alignment, tasks_of
from fairseq_alignmlm.analysis.sweeps import sweep_table, sweeps_of
from fairseq_alignmlm.analysis.table import Table
from fairseq_alignmlm.analysis.tasks import main_metric, metric_title, task_title
from fairseq_alignmlm.analysis.variants import has_variants, variant_bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def by_scale(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Part runs by scale, which are never compared with each other."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.scale, []).append(run)
    return dict(sorted(found.items()))


def correlated(runs: Sequence[Run], with_ablations: bool = False) -> list[Run]:
    """Return the runs over which alignment and delta are correlated: of default setups, or of all if asked for."""
    return [run for run in runs if with_ablations or run.is_default]


def correlations(runs: Sequence[Run]) -> dict[str, Correlation | None]:
    """Correlate alignment with delta for every task, over the setups of one scale.

    Args:
        runs: what `correlated` returns.
    """
    which = main_alignment(runs)
    found: dict[str, Correlation | None] = {}
    for task in tasks_of(groups_of(runs)):
        points = [(run.alignment.get(which), run.score(task, main_metric(task), "delta"), run.setup) for run in runs]
        known = [(x, y, setup) for x, y, setup in points if x is not None and y is not None]
        found[task] = spearman([x for x, _, _ in known], [y for _, y, _ in known], [setup for *_, setup in known])
    return found


def correlation_lines(found: dict[str, Correlation | None]) -> list[str]:
    """Say the correlation of every task in a line, the paper's beside it."""
    paper = paper_tables()["spearman_alignment_vs_delta"]
    lines = []
    for task, correlation in found.items():
        beside = f" [paper: {paper[task]['rho']:.3f} absolute]" if task in paper else ""
        said = "too few different setups for a correlation" if correlation is None else str(correlation)
        lines.append(f"{task_title(task)} ({metric_title(task, main_metric(task))}): {said}{beside}")
    return lines


def sections_of(runs: Sequence[Run], prefix: str, with_ablations: bool = False) -> list[Section]:
    """Build the sections on the runs of one scale.

    Args:
        runs: of one scale.
        prefix: of its figures' names.
        with_ablations: whether setups with a varied setting count for the correlation.
    """
    groups = groups_of(runs)
    compared = defaults_of(groups)
    runs = [run for group in groups for run in sorted(group.runs, key=lambda run: run.seed or 0)]
    points = correlated(runs, with_ablations)
    found, which = correlations(points), main_alignment(points)

    def picture(name: str, caption: str, draw: Callable[..., Figure], *what: object) -> Picture:
        screen, column = draw(*what), draw(*what, layout=COLUMN)
        return Picture(
            prefix + name, caption, rendered(screen, "png"), rendered(screen, "svg"), rendered(column, "pdf")
        )

    transfer = Section("Transfer")
    if tasks_of(groups):
        transfer.text.append(
            "SUP: fine-tuned and tested in the derived language; ZS: fine-tuned in the source language only."
        )
        transfer.tables += [transfer_table(groups), *filter(None, [difference_table(groups)])]
        transfer.pictures = [
            picture("figure2", "Figure 2: Δ of every objective, lower is better.", delta_bars, compared),
            picture("scores", "Zero-shot scores (bars) and supervised scores (lines).", score_bars, compared),
        ]
    alignment = Section("Alignment", tables=[alignment_table(groups)])
    if any(run.alignment.get(which) is not None for run in points) and found:
        caption = "Figure 3: Δ against alignment, one point a run."
        alignment.pictures.append(picture("figure3", caption, alignment_scatter, points, found))
        left_out = len(runs) - len(points)
        without = f", without {left_out} runs of varied settings" if left_out else ""
        weighted = "weighted by frequency" if which == "frequency" else "of all tokens alike"
        alignment.text.append(
            f"Spearman's rank correlation between alignment ({weighted}) and Δ, over the means of setups{without}:"
        )
        alignment.points += correlation_lines(found)
    by_frequency = frequency_table(groups)
    if by_frequency is not None:
        alignment.tables.append(by_frequency)
    if frequency_table(compared) is not None:
        caption = "Alignment by word frequency; a bin has equally many tokens, the most frequent are on the left."
        alignment.pictures.append(picture("frequency", caption, frequency_lines, compared))
    sections = [Section("What is missing", points=missing(groups) or ["Nothing."])]
    sections += [transfer, alignment] if tasks_of(groups) else [alignment]
    if any(run.curve.get("updates") for group in compared for run in group.runs):
        caption = (
            "Loss on masked tokens over updates of pre-training, mean over seeds; where blocks get longer, it jumps."
        )
        curves = Section("Learning curves", pictures=[picture("curves", caption, learning_curves, compared)])
        if any(run.objective == "dict_mlm" for run in runs):
            curves.text.append("DICT-MLM predicts tokens of either language, so that its loss is not the others' loss.")
        sections.append(curves)
    if emerged := measured(groups):
        text = "Checkpoints on the way: embeddings, states of the best layer, and short fine-tunings from each."
        curve = picture("emergence", text + " Means over seeds.", emergence_curves, emerged)
        sections.append(Section("How alignment emerges", tables=[emergence_table(emerged)], pictures=[curve]))
    varied = Section("One setting varied")
    if has_variants(groups):
        caption = "Runs with other settings than the scale's; a point is a seed."
        varied.pictures.append(picture("variants", caption, variant_bars, groups))
    for sweep in sweeps_of(groups):
        table = sweep_table(sweep, groups)
        if table is not None:
            varied.tables.append(table)
            caption = f"{sweep.title}: alignment, zero-shot scores (lines) and supervised scores (dashes)."
            name = f"{sweep.setting}.{sweep.transformation.replace('+', '_').replace(' ', '.')}"
            varied.pictures.append(picture(name, caption, sweep_lines, sweep, groups))
    if varied.tables or varied.pictures:
        sections.append(varied)
    return [*sections, *_configuration(runs)]


def _configuration(runs: Sequence[Run]) -> list[Section]:
    section = Section("Configuration", tables=[shared_table(runs), runs_table(runs)])
    section.tables = [table for table in section.tables if table.rows]
    section.signatures = commands(runs)
    signatures = [text for run in runs for text in _texts(run.signatures)]
    return [section, Section("Signatures of the numbers", signatures=list(dict.fromkeys(signatures)))]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)


def long_table(runs: Sequence[Run]) -> Table:
    """List every number of every run in a row of its own, for other programs."""
    rows: list[tuple[str, ...]] = []
    for run in runs:
        seed = "" if run.seed is None else str(run.seed)
        setup = json.dumps(run.variations)
        identity = (run.scale, run.pair, run.transformation, run.objective, setup, seed)
        rows += [
            (*identity, "alignment", which, "", repr(value))
            for which, value in run.alignment.items()
            if value is not None
        ]
        for task, scores in run.transfer.items():
            metrics = sorted({metric for by_metric in scores.values() for metric in by_metric})
            for direction in DIRECTIONS:
                for metric in metrics:
                    value = run.score(task, metric, direction)
                    if value is not None:
                        rows.append((*identity, task, metric, direction, repr(value)))
    header = (
        "scale",
        "pair",
        "transformation",
        "objective",
        "variation",
        "seed",
        "task",
        "metric",
        "direction",
        "percent",
    )
    return Table("All results", header, tuple(rows), len(header) - 1)
