"""Alignment by the frequency of words: are only frequent ones aligned?"""

from __future__ import annotations

from collections.abc import Sequence

from fairseq_alignmlm.analysis.summary import Cell, Group, cell
from fairseq_alignmlm.analysis.table import ABSENT, Table


def bins_of(group: Group) -> list[tuple[float, float, Cell]]:
    """Return for every bin its first rank, its last rank and the alignment over seeds.

    Ranks are those of the L1 tokens by frequency, from 1. Runs whose bins are not the first run's are left out.
    """
    measured = [run.by_frequency for run in group.runs if run.by_frequency]
    if not measured:
        return []
    ranks = [(one["first"], one["last"]) for one in measured[0]]
    same = [bins for bins in measured if [(one["first"], one["last"]) for one in bins] == ranks]
    cells = [cell(bins[place].get("alignment") for bins in same) for place in range(len(ranks))]
    return [(first, last, found) for (first, last), found in zip(ranks, cells, strict=True) if found is not None]


def frequency_table(groups: Sequence[Group]) -> Table | None:
    """Build the table of alignment by frequency, None where no run has measured it.

    Args:
        groups: of one scale.
    """
    measured = [(group, bins) for group in groups if (bins := bins_of(group))]
    if not measured:
        return None
    columns = list(dict.fromkeys((first, last) for _, bins in measured for first, last, _ in bins))
    rows = []
    for group, bins in measured:
        found = {(first, last): str(score) for first, last, score in bins}
        cells = [found.get(column, ABSENT) for column in columns]
        rows.append((group.label, group.title, str(len(group.runs)), *cells))
    header = ("objective", "transformation", "seeds", *(f"{first:,.0f}–{last:,.0f}" for first, last in columns))
    note = "Percent; columns are ranks of the tokens by frequency, the most frequent first."
    return Table("Alignment by word frequency", header, tuple(rows), 2, note)
