"""The paper's own tables as runs, so that they go through the same report as ours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairseq_alignmlm.analysis.objectives import name_of_title
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.tasks import main_metric
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json

SCALE = "paper (published)"
FILE = "paper_results.json"


@cache
def paper_tables() -> dict[str, Any]:
    """Return the tables as printed in arXiv 2211.08547."""
    return parse_json(files("fairseq_alignmlm.analysis").joinpath(FILE).read_text(encoding="utf-8"))


def read_tables(path: Path) -> dict[str, Any]:
    """Read tables of the same form from a file.

    Raises:
        InputError: when it is missing, not JSON, or has not Tables 3 and 8.
    """
    try:
        tables = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.at(path, None, "there is no such file") from None
    except ValueError as error:
        raise InputError.at(path, getattr(error, "lineno", None), f"not JSON ({error})") from None
    if not isinstance(tables, dict) or not {"table3_objectives", "table8_alignment"} <= tables.keys():
        raise InputError.at(path, None, "has no table3_objectives and table8_alignment")
    try:
        runs_of_tables(tables)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"is not in the form of {FILE} ({type(error).__name__}: {error})"
        raise InputError.at(path, None, what, "give tables in that form") from None
    return tables


def runs_of_tables(tables: dict[str, Any]) -> list[Run]:
    """Return the runs of Tables 3 and 8; delta is the printed one, not SUP - ZS of rounded numbers."""
    runs = []
    for title, by_transformation in tables["table3_objectives"].items():
        for transformation, by_task in by_transformation.items():
            transfer = {
                task: {direction: {main_metric(task): value} for direction, value in scores.items()}
                for task, scores in by_task.items()
            }
            alignment = {"all": tables["table8_alignment"][title][transformation]}
            pair = f"en-en_{transformation.replace('+', '_')}"
            name = name_of_title(title)
            runs.append(Run(name, pair, transformation, SCALE, None, alignment, transfer, Path(FILE)))
    return runs


@cache
def paper_runs() -> tuple[Run, ...]:
    """Return the paper's twelve runs."""
    return tuple(runs_of_tables(paper_tables()))


def paper_score(objective: str, transformation: str, task: str, metric: str, direction: str) -> float | None:
    """Return a number of Table 3, None where the paper has none."""
    for run in paper_runs():
        if (run.objective, run.transformation) == (objective, transformation):
            return run.score(task, metric, direction)
    return None


def paper_alignment(objective: str, transformation: str) -> float | None:
    """Return a number of Table 8, None where the paper has none."""
    for run in paper_runs():
        if (run.objective, run.transformation) == (objective, transformation):
            return run.alignment["all"]
    return None
