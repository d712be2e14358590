"""The objectives as reports show them: title, colour, marker and hatch, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Objective:
    """How one objective is written and drawn.

    Attributes:
        name: as in results, for example ``align_mlm``.
        title: as in the paper.
        colour: from light to dark over the known objectives, so that grey prints stay readable.
        marker: of its points.
        hatch: of its bars.
    """

    name: str
    title: str
    colour: str
    marker: str
    hatch: str


OBJECTIVES = {
    objective.name: objective
    for objective in (
        Objective("mlm", "MLM", "#d9d9d9", "o", ""),
        Objective("xlm", "XLM", "#74b9e0", "s", "//"),
        Objective("dict_mlm", "DICT-MLM", "#e08214", "^", ".."),
        Objective("align_mlm", "ALIGN-MLM", "#7f1d3f", "D", ""),
    )
}
_OTHERS = (("#4d9a5b", "v", "\\\\"), ("#8073ac", "P", "xx"), ("#35978f", "X", "++"), ("#a6611a", "*", "oo"))


def objective_named(name: str) -> Objective:
    """Return an objective; one that the paper has not gets a title and a style of its own."""
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    style = _OTHERS[sum(name.encode()) % len(_OTHERS)]
    return Objective(name, name.replace("_", "-").upper(), *style)


def name_of_title(title: str) -> str:
    """Return the name that belongs to a title: ``ALIGN-MLM`` gives ``align_mlm``."""
    return title.lower().replace("-", "_")


def sort_key(name: str) -> tuple[int, str]:
    """Order objectives as the paper does, others after them."""
    return (list(OBJECTIVES).index(name), "") if name in OBJECTIVES else (len(OBJECTIVES), name)
