"""What training after pre-training changes: sentence retrieval and transfer before and after, over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from fairseq_alignmlm.analysis.results import read_run
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER
from fairseq_alignmlm.storage import parse_json

NOTE = "Means over seeds, with their standard deviation from two seeds on; retrieval: accuracy in percent."


def changes(runs: Sequence[tuple[Path, Path]], languages: tuple[str, str]) -> Table:
    """Build the table.

    Args:
        runs: folders of the run that training started from, and of the run itself.
        languages: L1 and L2.

    Raises:
        InputError: a result is missing or broken.
    """
    first, second = languages
    directions = [f"{first}-{second}", f"{second}-{first}"]
    columns = [f"retrieval {name.replace('-', ' to ', 1)}" for name in directions]
    read = [(tuple(read_run(place / "result.json") for place in places), places) for places in runs]
    tasks = [task for task in TRANSFER.values() if any(task.name in found[1].transfer for found, _ in read)]
    columns += [f"{task.title} {direction.upper()}" for task in tasks for direction in ("en", "zs")]
    header = ["objective", "seeds", *(f"{column} {when}" for column in columns for when in ("before", "after"))]
    rows = []
    for label in dict.fromkeys(found[1].label for found, _ in read):
        mine = [(found, places) for found, places in read if found[1].label == label]
        cells = [label, str(len(mine))]
        for name in directions:
            for when in (0, 1):
                cells.append(_mean([_retrieval(places[when] / f"retrieval-{name}.json") for _, places in mine]))
        for task in tasks:
            metric = task.metrics[0][0]
            for direction in ("en", "zs"):
                for when in (0, 1):
                    cells.append(_mean([found[when].score(task.name, metric, direction) for found, _ in mine]))
        rows.append(tuple(cells))
    return Table("Before and after training on sentence pairs", tuple(header), tuple(rows), 1, NOTE)


def _retrieval(path: Path) -> float:
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError):
        found = None
    accuracy = found.get("accuracy") if isinstance(found, dict) else None
    if not isinstance(accuracy, (int, float)) or not 0 <= accuracy <= 100:
        raise InputError.at(path, None, "is no result of retrieve", "run alignmlm run ppa again")
    return float(accuracy)


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return ABSENT
    spread = f" ± {statistics.stdev(known):.1f}" if len(known) > 1 else ""
    return f"{statistics.fmean(known):.1f}{spread}"
