"""Cross-entropy of the selected tokens without all of their logits at once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

_BLOCK = 2**26  # logits that exist at once: 268 MB in float32, 134 MB in bf16
_CACHED = 2**20  # logits that the softmax of a CPU works on at once
_ALIGNED = 64  # rows of logits of a multiple of so many numbers are what tensor cores load fast


class PredictionLoss(torch.autograd.Function):
    """Sum ``-log softmax(H W' + b)[target]`` over blocks of positions.

    The gradients are computed along with the loss, block by block, so that no logits are kept or computed twice.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden_NH: Tensor, weight_VH: Tensor, bias_V: Tensor, target_N: Tensor, block: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the loss.

        Args:
            ctx: autograd's.
            hidden_NH: what the vocabulary is projected from ``(N, H)``; N may be 0.
            weight_VH: output embeddings ``(V, H)``.
            bias_V: output bias ``(V,)``.
            target_N: the right tokens ``(N,)``.
            block: positions per block; by default what makes a moderate number of logits.

        Returns:
            The sum, and the loss of each position ``(N,)`` (without a gradient), in nats, float32.
        """
        device = hidden_NH.device.type
        known_device = torch.amp.is_autocast_available(device)
        casts = known_device and torch.is_autocast_enabled(device)
        dtype = torch.get_autocast_dtype(device) if casts else weight_VH.dtype
        wants_gradient = any(ctx.needs_input_grad[:3])
        hidden = hidden_NH.to(dtype)
        weight, bias = _aligned(weight_VH, bias_V, dtype, 1 if device == "cpu" else _ALIGNED)
        count, size = len(hidden), len(weight)
        block = block or max(1, _BLOCK // size)
        loss_N = torch.empty(count, dtype=torch.float32, device=hidden.device)
        if wants_gradient:
            grad_hidden = torch.empty_like(hidden)
            grad_weight = weight_VH.new_empty(weight.shape) if count else weight_VH.new_zeros(weight.shape)
            grad_bias = torch.zeros(size, dtype=torch.float32, device=hidden.device)
        with torch.autocast(device, enabled=False) if known_device else nullcontext():
            for start in range(0, count, block):
                part = slice(start, start + block)
                logits = torch.addmm(bias, hidden[part], weight.t())
                loss_N[part] = _to_gradient(logits, target_N[part])
                if not wants_gradient:
                    continue
                torch.mm(logits, weight, out=grad_hidden[part])
                if dtype == weight_VH.dtype:
                    grad_weight.addmm_(logits.t(), hidden[part], beta=1.0 if start else 0.0)
                elif start:
                    grad_weight += logits.t() @ hidden[part]
                else:
                    grad_weight.copy_(logits.t() @ hidden[part])
                grad_bias += logits.sum(0, dtype=torch.float32)
                del logits
        if wants_gradient:
            known = len(weight_VH)
            ctx.gradients = (grad_hidden.to(hidden_NH.dtype), grad_weight[:known], grad_bias[:known].to(bias_V.dtype))
        ctx.mark_non_differentiable(loss_N)
        return loss_N.sum(), loss_N

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the gradients that the forward pass computed; they are there for one backward pass only."""
        found, ctx.gradients = ctx.gradients, None
        factor = gradients[0]
        if factor.device.type != "cpu" or float(factor) != 1.0:  # elsewhere, asking would wait for the device
            found = tuple(gradient * factor for gradient in found)
        return (*found, None, None)


def _aligned(weight_VH: Tensor, bias_V: Tensor, dtype: torch.dtype, multiple: int) -> tuple[Tensor, Tensor]:
    """Convert the output layer, with symbols that have no probability behind those of the vocabulary.

    The weights of the model, and so its checkpoints, stay as they are: the conversion to 16 bits copies them anyway.
    """
    size, width = weight_VH.shape
    missing = -size % multiple
    if missing == 0:
        return weight_VH.to(dtype), bias_V.to(dtype)
    weight, bias = (
        weight_VH.new_zeros(size + missing, width, dtype=dtype),
        bias_V.new_empty(size + missing, dtype=dtype),
    )
    weight[:size], bias[:size], bias[size:] = weight_VH, bias_V, -torch.inf
    return weight, bias


def _to_gradient(logits_NV: Tensor, target_N: Tensor) -> Tensor:
    """Turn logits, in place, into their gradient ``softmax - one-hot`` and return the losses ``(N,)``, float32."""
    rows = max(1, _CACHED // logits_NV.size(1)) if logits_NV.device.type == "cpu" else max(1, len(logits_NV))
    losses = []
    for logits, target in zip(logits_NV.split(rows), target_N.split(rows), strict=True):
        log_probability = torch.log_softmax(logits, -1, dtype=torch.float32)
        losses.append(-log_probability.gather(1, target[:, None])[:, 0])
        # The difference is taken before rounding: in bf16, 1 - p of a sure prediction would be mostly rounding error.
        gradient = log_probability.exp_()
        logits.copy_(gradient.scatter_add_(1, target[:, None], gradient.new_full((len(target), 1), -1.0)))
    return torch.cat(losses)
