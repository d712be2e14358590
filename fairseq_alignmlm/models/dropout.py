"""Dropout whose masks are cheap to draw on a CPU, and, where they are large, are drawn again in the backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_SMALL = 2**14  # elements below which torch's own dropout is as fast
_LARGE = 2**20  # elements from which masks are drawn again instead of being kept


class KeepMasks:
    """Random masks of 0 (drop) and 1 (keep), the same sequence for the same seed.

    torch draws a random number per element on one thread, which takes longer than the layer around it; here an
    element takes 16 bits of a fast generator.

    Args:
        probability: of dropping, in [0, 1), rounded to a multiple of 1 / 65536.
        seed: any int64.
    """

    def __init__(self, probability: float, seed: int) -> None:
        self._threshold = round(probability * 65536) - 32768
        self._bits = np.random.SFC64(seed)

    @staticmethod
    def draw_seed() -> int:
        """Draw a seed from torch's generator, so that ``torch.manual_seed`` governs the masks."""
        return int(torch.randint(2**63 - 1, ()))

    def next(self, *shape: int) -> Tensor:
        """Return the next mask, int16."""
        count = int(np.prod(shape))
        bits = torch.from_numpy(self._bits.random_raw((count + 3) // 4).view(np.int16))[:count].view(shape)
        return torch.ge(bits, self._threshold, out=torch.empty_like(bits))


def apply_mask(values: Tensor, keep: Tensor) -> Tensor:
    """Return ``values`` with zeros where ``keep``, of the same shape, has them."""
    if values.element_size() == 2:  # an integer operation, many times faster than bf16 times int16
        return (values.view(torch.int16) & keep.neg()).view(values.dtype)
    return values * keep.to(values.dtype)


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, probability: float) -> Tensor:
        ctx.probability, ctx.seed = probability, KeepMasks.draw_seed()
        keep = KeepMasks(probability, ctx.seed).next(*values.shape)
        if values.numel() < _LARGE:
            ctx.save_for_backward(keep)
        return _Dropout._dropped(values, keep, probability)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        kept = ctx.saved_tensors or [KeepMasks(ctx.probability, ctx.seed).next(*gradients[0].shape)]
        return _Dropout._dropped(gradients[0], kept[0], ctx.probability), None

    @staticmethod
    def _dropped(values: Tensor, keep: Tensor, probability: float) -> Tensor:
        return apply_mask(values.contiguous(), keep).mul_(1.0 / (1.0 - probability))


def dropout(values: Tensor, probability: float, training: bool) -> Tensor:
    """Zero elements with a probability while training and scale the others to keep the expectation.

    Args:
        values: any shape.
        probability: in [0, 1].
        training: False returns ``values``.
    """
    if training and 0.0 < probability < 1.0 and values.device.type == "cpu" and values.numel() >= _SMALL:
        return _Dropout.apply(values, probability)
    return F.dropout(values, probability, training)
