"""The recipes by name: a module has ``SUMMARIES``, ``add_arguments(parser, name)`` and ``run(args) -> exit status``."""

from __future__ import annotations

from types import ModuleType

from fairseq_alignmlm.run.recipes import (
    ablations,
    controls,
    derived_pair,
    grid,
    languages,
    natural_pair,
    one_run,
    ppa,
    realign,
    xtreme,
)

MODULES: tuple[ModuleType, ...] = (
    derived_pair,
    natural_pair,
    languages,
    grid,
    ablations,
    controls,
    xtreme,
    one_run,
    realign,
    ppa,
)
RECIPES: dict[str, ModuleType] = {name: module for module in MODULES for name in module.SUMMARIES}
