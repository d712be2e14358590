"""One setting varied: the paper's Tables 1, 2 and 4 to 7, and the weight of the alignment loss."""

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
        axis: the setting with its unit, for figures.
        setting: its key in a run's settings.
        unit: how much of the setting one per cent is.
        transformation: of the language pair.
        objectives: which are compared.
        table: key of the paper's numbers, None where it prints none.
        directions: which scores the paper prints.
    """

    title: str
    column: str
    axis: str
    setting: str
    unit: float
    transformation: str
    objectives: tuple[str, ...]
    table: str | None
    directions: tuple[str, ...] = ("sup", "zs", "delta")


SWEEPS = (
    Sweep(
        "Tables 2 and 4: size of the dictionary under trans+inv",
        "% of tokens",
        "dictionary (% of tokens)",
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
        "dictionary (% of tokens)",
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
        "sentence pairs (% of sentences)",
        "tlm_ratio",
        0.01,
        "trans+inv",
        ("xlm",),
        "table6_xlm_parallel_data_trans+inv",
    ),
    Sweep(
        "Table 7: shared vocabulary under trans+inv",
        "% of tokens",
        "shared vocabulary (% of tokens)",
        "overlap",
        0.01,
        "trans+inv",
        ("xlm",),
        "table7_xlm_vocabulary_overlap_trans+inv",
    ),
    Sweep(
        "Weight of the alignment loss under trans+inv (G.5)",
        "alpha",
        "weight alpha",
        "align_alpha",
        1.0,
        "trans+inv",
        ("align_mlm",),
        None,
    ),
)


def _published_values(sweep: Sweep) -> dict[str, dict[str, dict[str, float]]]:
    return {} if sweep.table is None else paper_tables()[sweep.table]


def _published(sweep: Sweep, value: float, objective: str, task: str, direction: str) -> float | None:
    scores = _published_values(sweep).get(f"{value:g}", {}).get(task, {})
    return scores.get(direction, scores.get(f"{objective}_{direction}"))


def swept(sweep: Sweep, groups: Sequence[Group]) -> dict[tuple[float, str], Group]:
    """Return the setups of a sweep by (value in the sweep's unit, objective); none where the setting was not varied.

    Args:
        sweep: which.
        groups: of one scale.
    """
    found = {}
    for group in groups:
        run = group.runs[0]
        alone = set(run.variations) <= {sweep.setting}
        if alone and group.objective in sweep.objectives and group.transformation == sweep.transformation:
            value = run.settings.get(sweep.setting, VARIATIONS[sweep.setting][0])
            found[round(value / sweep.unit, 6), group.objective] = group
    return found if len({value for value, _ in found}) > 1 else {}


def sweep_table(sweep: Sweep, groups: Sequence[Group]) -> Table | None:
    """Build one table, the paper's numbers beside ours; None where the setting was not varied.

    Args:
        sweep: which.
        groups: of one scale.
    """
    measured = swept(sweep, groups)
    if not measured:
        return None
    values = sorted({value for value, _ in measured} | {float(key) for key in _published_values(sweep)})
    names = {"sup": "SUP", "zs": "ZS", "delta": "Δ"}
    header = ["objective", sweep.column]
    header += [f"{task_title(task)} {names[direction]}" for task in TASKS for direction in sweep.directions]
    rows = []
    for objective in sweep.objectives:
        for value in values:
            row = [OBJECTIVES[objective].title, f"{value:g}"]
            group = measured.get((value, objective))
            for task in TASKS:
                for direction in sweep.directions:
                    ours = group.score(task, main_metric(task), direction) if group else None
                    paper = _published(sweep, value, objective, task, direction)
                    shown = ABSENT if ours is None else str(ours)
                    row.append(shown + ("" if paper is None else f" [{paper:.1f}]"))
            rows.append(tuple(row))
    note = "Percent; mean ± standard deviation over seeds" + ("; [the paper's number]." if sweep.table else ".")
    return Table(sweep.title, tuple(header), tuple(rows), 1, note)
