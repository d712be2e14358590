"""The differences between objectives as a table: paired over seeds, with intervals, what is within noise marked."""

from __future__ import annotations

from collections.abc import Sequence

from fairseq_alignmlm.analysis.difference import Difference, pairwise
from fairseq_alignmlm.analysis.summary import Group, main_alignment, tasks_of, titles_of
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.analysis.tasks import main_metric, task_title

NOISE = "≈"


def difference_table(groups: Sequence[Group]) -> Table | None:
    """Compare every two default setups of a title by alignment, zero-shot score and delta; None without two to compare.

    Args:
        groups: of one scale; those without seeds, the published ones, are left out.
    """
    groups = [group for group in groups if group.is_default and any(run.seed is not None for run in group.runs)]
    tasks = tasks_of(groups)
    which = main_alignment(run for group in groups for run in group.runs)
    columns = [("alignment", "", which)]
    columns += [(task, main_metric(task), direction) for task in tasks for direction in ("zs", "delta")]
    names = {"zs": "ZS", "delta": "Δ"}
    rows: list[tuple[str, ...]] = []
    for title in titles_of(groups):
        members = [group for group in groups if group.title == title]
        found = [pairwise({group.label: _by_seed(group, *column) for group in members}) for column in columns]
        for pair in dict.fromkeys(pair for column in found for pair in column):
            cells = [_text(column.get(pair)) for column in found]
            seeds = max(column[pair].seeds for column in found if pair in column)
            rows.append((f"{pair[0]} - {pair[1]}", title, str(seeds), *cells))
    if not rows:
        return None
    header = ["difference", "transformation", "seeds", "alignment"]
    header += [f"{task_title(task)} {names[direction]}" for task, _, direction in columns[1:]]
    note = (
        "Points, mean over shared seeds [95 % interval of Student's t], p of the paired t test, corrected by Holm for"
        f" the comparisons of a transformation; the interval is of the single comparison. {NOISE}: not told from none."
    )
    return Table("Differences between objectives", tuple(header), tuple(rows), 2, note)


def _by_seed(group: Group, task: str, metric: str, direction: str) -> dict[int, float]:
    if task == "alignment":
        return group.alignment_by_seed(direction)
    return group.scores_by_seed(task, metric, direction)


def _text(difference: Difference | None) -> str:
    if difference is None:
        return ABSENT
    mark = f" {NOISE}" if difference.is_noise else ""
    if difference.p is None:
        return f"{difference.mean:+.1f}{mark}"
    p = "p < 0.001" if difference.p < 0.001 else f"p = {difference.p:.3f}"
    return f"{difference.mean:+.1f} [{difference.low:+.1f}, {difference.high:+.1f}] {p}{mark}"
