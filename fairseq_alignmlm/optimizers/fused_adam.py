"""fairseq's Adam as one kernel over all parameters: torch's own fused AdamW, with the state of ``--optimizer adam``."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, List  # noqa: UP035 (fairseq reads the annotation)

import torch
from fairseq.dataclass import FairseqDataclass
from fairseq.optim import FairseqOptimizer, register_optimizer
from omegaconf import II
from torch import nn


@dataclass
class FusedAdamConfig(FairseqDataclass):
    """Settings of the optimiser, as those of fairseq's ``adam``."""

    adam_betas: Any = field(default=(0.9, 0.999), metadata={"help": "betas of Adam"})
    adam_eps: float = field(default=1e-8, metadata={"help": "epsilon of Adam"})
    weight_decay: float = field(default=0.0, metadata={"help": "weight decay, decoupled (AdamW)"})
    lr: List[float] = II("optimization.lr")  # noqa: UP006, RUF009


def betas(value: str | Sequence[float]) -> tuple[float, float]:
    """Read ``(0.9, 0.98)``, as text or as numbers."""
    first, second = ast.literal_eval(value) if isinstance(value, str) else value
    return float(first), float(second)


class FusedAdamW(torch.optim.AdamW):
    """torch's fused AdamW with the saved state of `fairseq.optim.adam.Adam`, whose steps are plain numbers."""

    supports_memory_efficient_fp16 = True
    supports_flat_params = True

    def __init__(self, params: Iterable[nn.Parameter], **settings: Any) -> None:
        super().__init__(params, fused=True, **settings)

    def state_dict(self) -> dict[str, Any]:
        """Return the state with the number of steps as an int, and the settings that both optimisers know."""
        state = super().state_dict()
        plain = {
            key: value | {"step": int(value["step"])} if "step" in value else value
            for key, value in state["state"].items()
        }
        known = ("params", "lr", "betas", "eps", "weight_decay", "amsgrad")
        return {"state": plain, "param_groups": [{key: group[key] for key in known} for group in state["param_groups"]]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state of this class or of fairseq's Adam."""
        own = self.state_dict()["param_groups"]
        settings = super().state_dict()["param_groups"]
        groups = [full | each for full, _, each in zip(settings, own, state_dict["param_groups"], strict=True)]
        steps = {
            key: value | {"step": torch.tensor(float(value["step"]))} if "step" in value else value
            for key, value in state_dict["state"].items()
        }
        super().load_state_dict({"state": steps, "param_groups": groups})


@register_optimizer("fused_adam", dataclass=FusedAdamConfig)
class FairseqAdam(FairseqOptimizer):
    """One kernel an update instead of a dozen per parameter.

    A checkpoint keeps the name of this class; it is that of stock fairseq's, so that ``adam`` and ``fused_adam``
    continue each other's runs. Epsilon is added after the bias correction, in stock fairseq before it.
    """

    def __init__(self, cfg: FusedAdamConfig, params: Iterable[nn.Parameter]) -> None:
        super().__init__(cfg)
        self._optimizer = FusedAdamW(params, **self.optimizer_config)

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """The settings, which go before those of a checkpoint."""
        return {
            "lr": self.cfg.lr[0],
            "betas": betas(self.cfg.adam_betas),
            "eps": self.cfg.adam_eps,
            "weight_decay": self.cfg.weight_decay,
        }
