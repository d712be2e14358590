"""torch 2.6 refuses fairseq's placeholders for tensors when rank 0 sends a checkpoint to the other ranks.

What is unpickled here was pickled a moment ago by rank 0 of the same job, not read from a file.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from fairseq_startup.patches.module_view import ModuleView


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.distributed.utils`` and have it unpickle any object rank 0 has broadcast."""
    execute(module)
    torch = module.torch

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        return torch.load(file, *args, **{**kwargs, "weights_only": False})

    vars(module)["torch"] = ModuleView(torch, load=load)
