"""Activation functions by name."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from fairseq import utils
from torch import Tensor


def activation_function(name: str) -> Callable[[Tensor], Tensor]:
    """Return fairseq's activation function of that name.

    Only its GELU is replaced, by torch's own: fairseq's converts to float32 and back, which torch does within, and
    which costs more than the function in bf16.
    """
    return F.gelu if name == "gelu" else utils.get_activation_fn(name)
