"""numpy 1.24 and 2 dropped ``np.int``, ``np.float`` and ``np.compat``, which a few modules of fairseq use."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

from fairseq_startup.patches.module_view import ModuleView


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``module`` and give it alone a numpy that has the dropped names, with the meaning they had."""
    execute(module)
    vars(module)["np"] = ModuleView(module.np, int=int, float=float, compat=SimpleNamespace(long=int))
