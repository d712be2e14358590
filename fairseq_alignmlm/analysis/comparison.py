"""The paper's Tables 3 and 8 from our runs, its numbers beside ours, and a summary for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from fairseq_alignmlm.analysis.difference import not_told_from_best
from fairseq_alignmlm.analysis.objectives import sort_key
from fairseq_alignmlm.analysis.paper import paper_alignment, paper_score
from fairseq_alignmlm.analysis.summary import Cell, Group, tasks_of
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.analysis.tasks import METRICS, main_metric, metric_title, task_title, transformation_key

# weighted by frequency first: of all tokens alike, many hardly ever occur
ALIGNMENTS = {
    "frequency": "by frequency",
    "held_out_frequency": "held out by frequency",
    "all": "all alike",
    "dictionary": "dictionary",
    "held_out": "held out",
}
# of natural languages, where "held out" is precision at 1 on dictionary entries that training did not see
TRANSLATIONS = {
    "held_out_at_5": "held out, at 5",
    "held_out_csls": "held out, CSLS",
    "held_out_csls_at_5": "held out, CSLS at 5",
    "held_out_no_shared_piece": "held out, no shared piece",
}
OTHER_ORDER = "≠"
WITHIN_NOISE = "≈"


def _text(found: Cell | None) -> str:
    return ABSENT if found is None else str(found)


def _beside(found: Cell | None, published: float | None, mark: str = "") -> str:
    paper = "" if published is None else f" [{published:.1f}]"
    return _text(found) + mark + paper


def _by_objective(group: Group) -> tuple[object, ...]:
    return (sort_key(group.objective), group.label, transformation_key(group.transformation), group.title)


def misplaced(groups: Sequence[Group], task: str) -> set[tuple[str, str]]:
    """Return the (label, title) of a group that another objective beats here but not in the paper, or the reverse.

    Objectives are compared by delta under the same transformation of the same pair, among those that both have; equal
    deltas are in no order.
    """
    metric = main_metric(task)
    deltas: dict[str, dict[str, tuple[float, float]]] = {}
    for group in groups:
        published = paper_score(group.objective, group.transformation, task, metric, "delta")
        delta = group.score(task, metric, "delta")
        if group.is_default and delta is not None and published is not None:
            deltas.setdefault(group.title, {})[group.label] = (delta.mean, published)
    return {
        (label, title)
        for title, found in deltas.items()
        for label, (ours, paper) in found.items()
        if any((ours - other) * (paper - published) < 0 for other, published in found.values())
    }


def within_noise(groups: Sequence[Group], task: str) -> set[tuple[str, str]]:
    """Return the (label, title) of default setups whose delta cannot be told from the lowest of the same title.

    Args:
        groups: of one scale; those without seeds, the published ones, are left out.
        task: of the transfer.
    """
    scores: dict[str, dict[str, dict[int, float]]] = {}
    for group in groups:
        by_seed = group.scores_by_seed(task, main_metric(task), "delta")
        if group.is_default and by_seed:
            scores.setdefault(group.title, {})[group.label] = by_seed
    return {
        (label, title) for title, found in scores.items() for label in not_told_from_best(found, lower_is_better=True)
    }


def transfer_table(groups: Sequence[Group]) -> Table:
    """Build Table 3: SUP, ZS and delta of every objective, transformation and task.

    Args:
        groups: of one scale.
    """
    tasks = tasks_of(groups)
    header = ["objective", "transformation", "seeds"]
    for task in tasks:
        name = f"{task_title(task)} {metric_title(task, main_metric(task))}"
        header += [f"{name} SUP", f"{name} ZS", f"{name} Δ"]
    wrong = {task: misplaced(groups, task) for task in tasks}
    close = {task: within_noise(groups, task) for task in tasks}
    rows = []
    for group in sorted(groups, key=_by_objective):
        row = [group.label, group.title, str(len(group.runs))]
        for task in tasks:
            metric = main_metric(task)
            for direction in ("sup", "zs", "delta"):
                published = None
                if group.is_default:
                    published = paper_score(group.objective, group.transformation, task, metric, direction)
                marked = direction == "delta" and (group.label, group.title) in wrong[task]
                mark = f" {OTHER_ORDER}" if marked else ""
                if direction == "delta" and (group.label, group.title) in close[task]:
                    mark += f" {WITHIN_NOISE}"
                row.append(_beside(group.score(task, metric, direction), published, mark))
        rows.append(tuple(row))
    note = (
        "Percent; mean ± standard deviation over seeds; Δ = SUP - ZS; [the paper's number]. "
        f"{OTHER_ORDER}: by Δ, in another order with some objective of the same transformation than in the paper. "
        f"{WITHIN_NOISE}: Δ cannot be told from the lowest one of the transformation (paired t test over shared seeds,"
        " corrected by Holm, p at least 0.05, or fewer than two seeds)."
    )
    return Table("Table 3: supervised and zero-shot transfer", tuple(header), tuple(rows), 2, note)


def alignment_table(groups: Sequence[Group]) -> Table:
    """Build Table 8: the alignment scores of every objective and transformation.

    Natural languages have more columns, for word translation retrieval.

    Args:
        groups: of one scale.
    """
    translations = {which: title for which, title in TRANSLATIONS.items() if any(g.alignment(which) for g in groups)}
    columns = ALIGNMENTS | translations
    rows = []
    for group in sorted(groups, key=_by_objective):
        published = paper_alignment(group.objective, group.transformation) if group.is_default else None
        row = [group.label, group.title, str(len(group.runs))]
        row += [_beside(group.alignment(which), published if which == "all" else None) for which in columns]
        rows.append(tuple(row))
    header = ("objective", "transformation", "seeds", *columns.values())
    note = (
        "Percent of tokens whose counterpart is their nearest neighbour; [the paper's number]. By frequency: each token"
        " weighs as much as it occurs, so that it says how much of the text is aligned. Elsewhere all count alike, as"
        " in the paper, also tokens that never occur."
    )
    if translations:
        note += " Natural languages: of held-out words with a translation among the nearest 1 or 5."
    return Table("Table 8: word embedding alignment", header, tuple(rows), 2, note)


def summary_table(groups: Sequence[Group], scale: str) -> Table:
    """Put alignment and transfer side by side, one line an objective, for the terminal.

    Args:
        groups: of one scale.
        scale: its name, for the title.
    """
    header = ["objective", "transformation", "seeds", "aligned by freq.", "all alike", "dict.", "held-out"]
    columns = [
        (task, metric)
        for task in tasks_of(groups)
        for metric in METRICS.get(task, {main_metric(task): ""})
        if any(group.score(task, metric, "delta") for group in groups)
    ]
    for task, metric in columns:
        name = f"{task_title(task)} {metric_title(task, metric)}"
        header += [f"{name} SUP", "ZS", "Δ"]
    rows = []
    for group in groups:
        row = [group.label, group.title, str(len(group.runs))]
        row += [_text(group.alignment(which)) for which in ("frequency", "all", "dictionary", "held_out")]
        for task, metric in columns:
            row += [_text(group.score(task, metric, direction)) for direction in ("sup", "zs", "delta")]
        rows.append(tuple(row))
    title = f"Alignment and transfer, scale {scale}, percent (mean ± standard deviation over seeds)"
    return Table(title, tuple(header), tuple(rows), 2)
