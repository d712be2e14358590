"""Weights of a criterion: loaded when a run goes on, fresh when it starts from the checkpoint of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.checkpoint_identity import find_starting_point


class StartingHead(nn.Module):
    """A criterion with weights of its own; fairseq gives them what any checkpoint holds, or None."""

    def remember_start(self, cfg: Any) -> None:
        """Find out what the run starts from.

        Args:
            cfg: the task's settings.
        """
        start = find_starting_point(cfg)
        self._fresh = start is not None and not start.resumes and _is_other(start.path, cfg)
        self._start = start.path if start else None

    def load_state_dict(self, state_dict: Mapping[str, Any] | None, strict: bool = True, assign: bool = False) -> Any:
        """Take the weights of a run that goes on; keep fresh ones in a run that starts with ``--finetune-from-model``.

        Raises:
            InputError: the checkpoint to go on from holds other weights.
        """
        if self._fresh:
            return None
        own = self.state_dict()
        shapes = {name: value.shape for name, value in own.items()}
        if state_dict is None or {name: value.shape for name, value in state_dict.items()} != shapes:
            remedy = "start from it with --finetune-from-model, or go on with the settings of the run"
            raise InputError.at(self._start or "", None, "holds no head of this realignment", remedy)
        return super().load_state_dict(state_dict, strict, assign)


def _is_other(path: Path, cfg: Any) -> bool:
    given = cfg.finetune_from_model
    return bool(given) and path.absolute() == Path(str(given)).absolute()
