"""The paper's Tables 1, 2 and 4 to 7: what a larger dictionary, more parallel data or shared tokens change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairseq_alignmlm.analysis.objectives import OBJECTIVES
from fairseq_alignmlm.analysis.paper import paper_tables
from fairseq_alignmlm.analysis.results import VARIATIONS
from fairseq_alignmlm.analysis.summary import Group
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.analysis.tasks import TASKS, main_metric, task_title


@dataclass(frozen=True)
class Sweep:
    """One setting varied while everything else stays the paper's default.

    Attributes:
        title: with the numbers of the paper's tables.
        column: name of the varied setting's column.
        setting: its key in a run's settings.
        unit: how much of the setting one per cent is.
        transformation: of the language pair.
        objectives: which are compared.
        table: key of the paper's numbers.
        directions: which scores the paper prints.
    """

    title: str
    column: str
    setting: str
    unit: float
    transformation: str
    objectives: tuple[str, ...]
    table: str
    directions: tuple[str, ...] = ("sup", "zs", "delta")


SWEEPS = (
    Sweep(
        "Tables 2 and 4: size of the dictionary under trans+inv",
        "% of tokens",
        "dictionary_percent",
        1.0,
        "trans+inv",
        ("dict_mlm", "align_mlm"),
        "table4_dictionary_size_trans+inv",
        ("delta",),
    ),
    Sweep(
        "Table 5: size of the dictionary under trans+syn",
        "% of tokens",
        "dictionary_percent",
        1.0,
        "trans+syn",
        ("dict_mlm", "align_mlm"),
        "table5_dictionary_size_trans+syn",
        ("delta",),
    ),
    Sweep(
        "Tables 1 and 6: parallel sentences under trans+inv",
        "% of sentences",
        "tlm_ratio",
        0.01,
        "trans+inv",
        ("xlm",),
        "table6_xlm_parallel_data_trans+inv",
    ),
    Sweep(
        "Table 7: shared vocabulary under trans+inv",
        "% of tokens",
        "overlap",
        0.01,
        "trans+inv",
        ("xlm",),
        "table7_xlm_vocabulary_overlap_trans+inv",
    ),
)


def _published(sweep: Sweep, percent: float, objective: str, task: str, direction: str) -> float | None:
    scores = paper_tables()[sweep.table].get(f"{percent:g}", {}).get(task, {})
    return scores.get(direction, scores.get(f"{objective}_{direction}"))


def _measured(sweep: Sweep, groups: Sequence[Group]) -> dict[tuple[float, str], Group]:
    found = {}
    for group in groups:
        run = group.runs[0]
        alone = set(run.variations) <= {sweep.setting}
        if alone and group.objective in sweep.objectives and group.transformation == sweep.transformation:
            value = run.settings.get(sweep.setting, VARIATIONS[sweep.setting][0])
            found[round(value / sweep.unit, 6), group.objective] = group
    return found


def sweep_table(sweep: Sweep, groups: Sequence[Group]) -> Table | None:
    """Build one table, the paper's numbers beside ours; None where the setting was not varied.

    Args:
        sweep: which.
        groups: of one scale.
    """
    measured = _measured(sweep, groups)
    if len({percent for percent, _ in measured}) < 2:
        return None
    percents = sorted({percent for percent, _ in measured} | {float(key) for key in paper_tables()[sweep.table]})
    names = {"sup": "SUP", "zs": "ZS", "delta": "Δ"}
    header = ["objective", sweep.column]
    header += [f"{task_title(task)} {names[direction]}" for task in TASKS for direction in sweep.directions]
    rows = []
    for objective in sweep.objectives:
        for percent in percents:
            row = [OBJECTIVES[objective].title, f"{percent:g}"]
            group = measured.get((percent, objective))
            for task in TASKS:
                for direction in sweep.directions:
                    ours = group.score(task, main_metric(task), direction) if group else None
                    paper = _published(sweep, percent, objective, task, direction)
                    shown = ABSENT if ours is None else str(ours)
                    row.append(shown + ("" if paper is None else f" [{paper:.1f}]"))
            rows.append(tuple(row))
    note = "Percent; mean ± standard deviation over seeds; [the paper's number]."
    return Table(sweep.title, tuple(header), tuple(rows), 1, note)
