"""A run that is continued after its last update makes one update more: fairseq looks at ``--max-update`` after each.

It happens when a run is killed after its last checkpoint was written and before its command ended, and started again.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.checkpoint_utils`` and have a run that has made all its updates end at once."""
    execute(module)
    load = module.load_checkpoint

    @functools.wraps(load)
    def load_checkpoint(cfg: Any, trainer: Any, **options: Any) -> tuple[Any, Any]:
        extra_state, epochs = load(cfg, trainer, **options)
        updates, most = trainer.get_num_updates(), trainer.cfg.optimization.max_update
        if 0 < most <= updates:
            module.logger.info(f"all {most} updates are made: nothing is left to do")

            class Finished(type(epochs)):  # type: ignore[misc]
                next_epoch_idx = math.nan  # is below no --max-epoch, not even infinity

            epochs.__class__ = Finished
        return extra_state, epochs

    vars(module)["load_checkpoint"] = load_checkpoint
