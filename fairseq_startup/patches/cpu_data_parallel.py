"""fairseq names a GPU for every data-parallel model; torch refuses that for a model on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.models.distributed_fairseq_model`` and have it name no GPU for a model on the CPU."""
    execute(module)
    wrap = module.DistributedDataParallel

    def distributed_data_parallel(module: Any, **options: Any) -> Any:
        if all(parameter.device.type == "cpu" for parameter in module.parameters()):
            options.update(device_ids=None, output_device=None)
        return wrap(module=module, **options)

    vars(module)["DistributedDataParallel"] = distributed_data_parallel
