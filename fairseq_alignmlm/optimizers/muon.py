"""Muon for the matrices of the layers, AdamW for everything else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.optim import FairseqOptimizer, register_optimizer
from torch import nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.optimizers.fused_adam import FusedAdamConfig, betas

HIDDEN = "hidden_matrix"  # the mark that a model sets on such parameters


@dataclass
class MuonConfig(FusedAdamConfig):
    """Settings of the optimiser."""

    muon_momentum: float = field(default=0.95, metadata={"help": "momentum of Muon (Nesterov)"})


class MuonAndAdam(torch.optim.Optimizer):
    """Two optimisers as one.

    Args:
        params: parameters; those with the mark `HIDDEN` are Muon's.
        momentum: of Muon.
        lr: learning rate of both; Muon's steps are scaled to the size of AdamW's, so that one rate suits both.
        betas: of AdamW.
        eps: of AdamW.
        weight_decay: decoupled, of both.

    Raises:
        InputError: when no parameter has the mark.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        momentum: float,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
    ) -> None:
        params = list(params)
        hidden = [each for each in params if getattr(each, HIDDEN, False)]
        if not hidden:
            raise InputError(
                "--optimizer muon: no matrix of a layer among the parameters; it wants --arch multilingual_roberta and "
                "--compute-dtype bfloat16 instead of --fp16"
            )
        others = [each for each in params if not getattr(each, HIDDEN, False)]
        self.parts = {
            "muon": torch.optim.Muon(
                hidden, lr=lr, weight_decay=weight_decay, momentum=momentum, adjust_lr_fn="match_rms_adamw"
            ),
            "adam": torch.optim.AdamW(others, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=True),
        }

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The groups of both."""
        return [group for part in self.parts.values() for group in part.param_groups]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Take a step of both."""
        for part in self.parts.values():
            part.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients."""
        for part in self.parts.values():
            part.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of both by name."""
        return {name: part.state_dict() for name, part in self.parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load the states of both."""
        for name, part in self.parts.items():
            part.load_state_dict(state_dict[name])


@register_optimizer("muon", dataclass=MuonConfig)
class FairseqMuon(FairseqOptimizer):
    """Muon (Jordan et al. 2024) on the projections and feed-forward matrices of all layers: torch's own.

    Embeddings, biases, norms and the output layer are AdamW's. Each matrix costs five Newton-Schulz steps an update,
    ``5 m / tokens`` of the model's own work for width m: little at 512 x 65,536 tokens, a third at 128 x 2,048.
    """

    def __init__(self, cfg: MuonConfig, params: Iterable[nn.Parameter]) -> None:
        super().__init__(cfg)
        self._optimizer = MuonAndAdam(
            params, cfg.muon_momentum, cfg.lr[0], betas(cfg.adam_betas), cfg.adam_eps, cfg.weight_decay
        )

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """The setting that goes before that of a checkpoint, and is both parts'."""
        return {"lr": self.cfg.lr[0]}
