"""The objectives as reports show them, from the table in `run.objectives`: the same title and colour everywhere."""

from __future__ import annotations

from pathlib import Path

from fairseq_alignmlm.run.objectives import Objective, objectives, style_of

OBJECTIVES = objectives()


def objective_named(name: str) -> Objective:
    """Return an objective; one that is in no table, as of a plug-in that is not here, gets a title and a style."""
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    return Objective(name, name.replace("_", "-").upper(), Path(), name, **style_of(name))


def name_of_title(title: str) -> str:
    """Return the name that belongs to a title: ``ALIGN-MLM`` gives ``align_mlm``."""
    return title.lower().replace("-", "_")


def sort_key(name: str) -> tuple[int, str]:
    """Order objectives as the paper does, others after them."""
    return (list(OBJECTIVES).index(name), "") if name in OBJECTIVES else (len(OBJECTIVES), name)
