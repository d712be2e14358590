"""The table of public data sets, one module a kind, and names for several of them at once.

A checksum stands here only where a second source states it (a data set card, the test suite of a parser, a byte copy
of a pinned commit). Without one the first download is recorded and later ones are compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from fairseq_alignmlm.errors import InputError

from ..dataset import Dataset
from . import dictionaries, tasks, text, treebanks

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset for module in (text, treebanks, tasks, dictionaries) for dataset in module.DATASETS
}

GROUPS: dict[str, tuple[str, ...]] = {
    # google-research/xtreme has no archive of its own: it is its nine tasks.
    "xtreme": (
        "xnli",
        "multinli",
        "pawsx",
        "ud-2.5",
        "panx",
        "tatoeba",
        "bucc2018",
        "squad",
        "xquad",
        "mlqa",
        "tydiqa-goldp",
    ),
    # What Tables 1 to 8 need beyond the pre-training text.
    "paper": ("wikitext-103", "xnli", "multinli", "panx", "ud-2.5", "galactic-dependencies"),
}


def find(names: Iterable[str]) -> list[Dataset]:
    """Return the data sets of ``names``, groups spelt out, each once, in the order given.

    Raises:
        InputError: a name is neither a data set nor a group.
    """
    found: dict[str, Dataset] = {}
    for name in names:
        if name not in DATASETS and name not in GROUPS:
            known = ", ".join([*DATASETS, *GROUPS])
            raise InputError(f"unknown data set {name!r}; choose from {known}")
        for member in GROUPS.get(name, (name,)):
            found[member] = DATASETS[member]
    return list(found.values())
