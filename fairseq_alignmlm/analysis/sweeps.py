"""One setting varied: the paper's Tables 1, 2 and 4 to 7, and the weight of the alignment loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from fairseq_alignmlm.analysis.objectives import OBJECTIVES
from fairseq_alignmlm.analysis.paper import paper_score, paper_tables
from fairseq_alignmlm.analysis.results import VARIATIONS
from fairseq_alignmlm.analysis.summary import Group, titles_of
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.analysis.tasks import TASKS, main_metric, task_title


@dataclass(frozen=True)
class Sweep:
    """One setting varied while everything else stays the paper's default.

    Attributes:
        what: is varied.
        column: name of the varied setting's column.
        axis: the setting with its unit, for figures.
        setting: its key in a run's settings.
        unit: how much of the setting one per cent is.
        objectives: which are compared.
        directions: which scores the paper prints.
        beside: an objective that has not the setting; its default setup is shown for comparison.
        published: of a transformation: the numbers of the paper's tables, and the key of what they print.
        transformation: title of the language pair's groups.
    """

    what: str
    column: str
    axis: str
    setting: str
    unit: float
    objectives: tuple[str, ...]
    directions: tuple[str, ...] = ("sup", "zs", "delta")
    beside: str = ""
    published: Mapping[str, tuple[str, str | None]] = field(default_factory=dict, hash=False)
    transformation: str = ""

    @property
    def title(self) -> str:
        """What is varied where, with the numbers of the paper's tables."""
        tables, key = self.published.get(self.transformation, ("", None))
        what = f"{self.what[0].upper()}{self.what[1:]} under {self.transformation}"
        if key is not None:
            return f"{tables}: {self.what} under {self.transformation}"
        return what + (f" ({tables})" if tables else "")

    @property
    def table(self) -> str | None:
        """Key of the paper's numbers, None where it prints none."""
        return self.published.get(self.transformation, ("", None))[1]


SETTINGS = (
    Sweep(
        "size of the dictionary",
        "% of tokens",
        "dictionary (% of tokens)",
        "dictionary_percent",
        1.0,
        ("dict_mlm", "align_mlm"),
        ("delta",),
        published={
            "trans+inv": ("Tables 2 and 4", "table4_dictionary_size_trans+inv"),
            "trans+syn": ("Table 5", "table5_dictionary_size_trans+syn"),
        },
    ),
    Sweep(
        "parallel sentences",
        "% of sentences",
        "sentence pairs (% of sentences)",
        "tlm_ratio",
        0.01,
        ("xlm",),
        beside="align_mlm",  # the last row of Table 1
        published={"trans+inv": ("Tables 1 and 6", "table6_xlm_parallel_data_trans+inv")},
    ),
    Sweep(
        "shared vocabulary",
        "% of tokens",
        "shared vocabulary (% of tokens)",
        "overlap",
        0.01,
        ("xlm",),
        published={"trans+inv": ("Table 7", "table7_xlm_vocabulary_overlap_trans+inv")},
    ),
    Sweep(
        "weight of the alignment loss",
        "alpha",
        "weight alpha",
        "align_alpha",
        1.0,
        ("align_mlm",),
        published={"trans+inv": ("G.5", None)},
    ),
)
OF_THE_PAPER = tuple(replace(each, transformation=name) for each in SETTINGS for name in each.published)


def sweeps_of(groups: Sequence[Group]) -> list[Sweep]:
    """Return the sweeps that some setups make up, whatever their transformation.

    Args:
        groups: of one scale.
    """
    found = (replace(sweep, transformation=title) for sweep in SETTINGS for title in titles_of(groups))
    return [sweep for sweep in found if swept(sweep, groups)]


def _published_values(sweep: Sweep) -> dict[str, dict[str, dict[str, float]]]:
    return {} if sweep.table is None else paper_tables()[sweep.table]


def _published(sweep: Sweep, value: float, objective: str, task: str, direction: str) -> float | None:
    scores = _published_values(sweep).get(f"{value:g}", {}).get(task, {})
    return scores.get(direction, scores.get(f"{objective}_{direction}"))


def _published_beside(sweep: Sweep, task: str, direction: str) -> float | None:
    if sweep.table is None:
        return None
    return paper_score(sweep.beside, sweep.transformation, task, main_metric(task), direction)


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
        if alone and group.objective in sweep.objectives and group.title == sweep.transformation:
            value = run.settings.get(sweep.setting, VARIATIONS[sweep.setting][0])
            found[round(value / sweep.unit, 6), group.objective] = group
    return found if len({value for value, _ in found}) > 1 else {}


def setup_beside(sweep: Sweep, groups: Sequence[Group]) -> Group | None:
    """Return the default setup that a sweep is compared with, if there is one."""
    wanted = (sweep.beside, sweep.transformation)
    return next((group for group in groups if group.is_default and (group.objective, group.title) == wanted), None)


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
    setups = [
        (objective, f"{value:g}", measured.get((value, objective)), partial(_published, sweep, value, objective))
        for objective in sweep.objectives
        for value in values
    ]
    if sweep.beside:
        setups.append((sweep.beside, "none", setup_beside(sweep, groups), partial(_published_beside, sweep)))
    for objective, value, group, published in setups:
        row = [OBJECTIVES[objective].title, value]
        for task in TASKS:
            for direction in sweep.directions:
                ours, paper = (
                    group.score(task, main_metric(task), direction) if group else None,
                    published(task, direction),
                )
                row.append((ABSENT if ours is None else str(ours)) + ("" if paper is None else f" [{paper:.1f}]"))
        rows.append(tuple(row))
    note = "Percent; mean ± standard deviation over seeds" + ("; [the paper's number]." if sweep.table else ".")
    if sweep.beside:
        note += f" {OBJECTIVES[sweep.beside].title} uses a dictionary and none of this."
    return Table(sweep.title, tuple(header), tuple(rows), 1, note)
