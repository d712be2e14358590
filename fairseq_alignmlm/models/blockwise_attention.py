"""Attention on a CPU, block by block in its cache, with dropout and without T x T matrices that outlive a block.

torch's flash attention on CPUs knows no dropout, and multiplies bf16 slowly; with dropout torch keeps three matrices of
B x N x T x T. Here a few sequences at a time are attended over with plain matrix products; the backward pass
computes the probabilities and draws the dropout masks again.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from fairseq_alignmlm.models.dropout import KeepMasks, apply_mask

_BLOCK = 2**21  # attention scores that a block holds: 4 MB in bf16
_LARGE = 2**20  # below, torch's own attention is as fast


def suits_blocks(batch: int, heads: int, length: int, device: torch.device) -> bool:
    """Tell whether `BlockwiseAttention` is the faster way."""
    return device.type == "cpu" and batch * heads * length * length >= _LARGE


class BlockwiseAttention(torch.autograd.Function):
    """``softmax(Q K' / sqrt(D)) V`` for all heads, with dropout on the probabilities."""

    @staticmethod
    def forward(ctx: Any, projected_BT3ND: Tensor, key_mask_B11T: Tensor | None, dropout: float) -> Tensor:
        """Attend.

        Args:
            ctx: autograd's.
            projected_BT3ND: queries, keys and values of every head ``(B, T, 3, N, D)``.
            key_mask_B11T: True where a key may be attended to ``(B, 1, 1, T)``, or None.
            dropout: probability of dropping an attention weight, in [0, 1); 0 when not training.

        Returns:
            ``(B, T, N * D)``.
        """
        ctx.dropout, ctx.seed = dropout, KeepMasks.draw_seed() if dropout else 0
        ctx.save_for_backward(projected_BT3ND, key_mask_B11T)
        batch, length, _, heads, width = projected_BT3ND.shape
        output_BTND = projected_BT3ND.new_empty(batch, length, heads, width)
        for block in _Blocks(projected_BT3ND, key_mask_B11T, dropout, ctx.seed):
            probability = block.probability
            if block.keep is not None:
                probability = apply_mask(probability, block.keep)
            attended = torch.bmm(probability, block.value)
            output_BTND[block.rows] = block.by_sequence(attended)
        if dropout:
            output_BTND *= 1.0 / (1.0 - dropout)
        return output_BTND.view(batch, length, heads * width)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of the projections."""
        projected_BT3ND, key_mask_B11T = ctx.saved_tensors
        batch, length, _, heads, width = projected_BT3ND.shape
        gradient_BTND = gradients[0].reshape(batch, length, heads, width)
        result_BT3ND = torch.empty_like(projected_BT3ND)
        scale, upscale = 1.0 / math.sqrt(width), 1.0 / (1.0 - ctx.dropout)
        for block in _Blocks(projected_BT3ND, key_mask_B11T, ctx.dropout, ctx.seed):
            probability, used = block.probability, block.probability
            gradient = gradient_BTND[block.rows].transpose(1, 2).reshape(-1, length, width)
            if block.keep is not None:
                used = apply_mask(probability, block.keep)
                gradient = gradient * upscale
            result = result_BT3ND[block.rows]
            result[:, :, 2] = block.by_sequence(torch.bmm(used.transpose(1, 2), gradient))
            change = torch.bmm(gradient, block.value.transpose(1, 2))
            if block.keep is not None:
                change = apply_mask(change, block.keep)
            change = torch._softmax_backward_data(change, probability, -1, probability.dtype)
            result[:, :, 0] = block.by_sequence(torch.bmm(change, block.key)).mul_(scale)
            result[:, :, 1] = block.by_sequence(torch.bmm(change.transpose(1, 2), block.query)).mul_(scale)
        return result_BT3ND, None, None


class _Block:
    """Some sequences, all heads of each: ``(G, T, D)`` with G sequences times heads, and their probabilities."""

    def __init__(self, projected: Tensor, rows: slice, key_mask: Tensor | None, masks: KeepMasks | None) -> None:
        self.rows = rows
        _, self._length, _, self._heads, self._width = projected.shape
        parts = projected[rows].permute(2, 0, 3, 1, 4).reshape(3, -1, self._length, self._width)
        self.query, self.key, self.value = parts.unbind(0)
        scores = self.query.new_empty(len(self.query), self._length, self._length)
        scale = 1.0 / math.sqrt(self._width)
        torch.baddbmm(scores, self.query, self.key.transpose(1, 2), beta=0, alpha=scale, out=scores)
        if key_mask is not None:
            bias = torch.zeros(key_mask[rows].shape, dtype=scores.dtype).masked_fill_(~key_mask[rows], -math.inf)
            scores.view(-1, self._heads, self._length, self._length).add_(bias)
        self.probability = torch.softmax(scores, -1)
        self.keep = masks.next(*scores.shape) if masks is not None else None

    def by_sequence(self, values: Tensor) -> Tensor:
        """Bring ``(G, T, D)`` into the order ``(sequences, T, N, D)``."""
        return values.view(-1, self._heads, self._length, self._width).transpose(1, 2)


class _Blocks:
    """The blocks of a batch, in an order that both passes share."""

    def __init__(self, projected: Tensor, key_mask: Tensor | None, dropout: float, seed: int) -> None:
        self._projected, self._key_mask = projected, key_mask
        self._masks = KeepMasks(dropout, seed) if dropout else None

    def __iter__(self) -> Any:
        batch, length, _, heads, _ = self._projected.shape
        step = max(1, _BLOCK // (heads * length * length))
        for start in range(0, batch, step):
            yield _Block(self._projected, slice(start, min(start + step, batch)), self._key_mask, self._masks)
