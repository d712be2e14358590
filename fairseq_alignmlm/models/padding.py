"""Batches without their padding: the layers work on the tokens alone, and only attention sees rows of equal length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Unpadding:
    """Where the N tokens of a padded batch ``(B, T)`` are.

    Args:
        present_BT: True for tokens, False for padding.
        index_N: their flat indices, where they are known: an accelerator then need not be waited for.
    """

    def __init__(self, present_BT: Tensor, index_N: Tensor | None = None) -> None:
        self.batch, self.length = present_BT.shape
        self.key_mask_B11T = present_BT[:, None, None, :]
        self._index_N = present_BT.flatten().nonzero()[:, 0] if index_N is None else index_N
        # For every place the number of its token; padding takes row N, which holds zeros.
        count = len(self._index_N)
        self._row_P = torch.full((present_BT.numel(),), count, device=present_BT.device)
        self._row_P[self._index_N] = torch.arange(count, device=present_BT.device)

    def take_numbers(self, padded_BT: Tensor) -> Tensor:
        """Return the entries ``(N,)`` of a padded batch ``(B, T)`` that are no padding."""
        return padded_BT.flatten().index_select(0, self._index_N)

    def take(self, padded: Tensor) -> Tensor:
        """Return the tokens ``(N, X)`` of a padded batch ``(B, T, X)``."""
        return _Take.apply(padded, self._index_N, self._row_P)

    def put(self, tokens: Tensor) -> Tensor:
        """Return the padded batch ``(B, T, X)``, zero where padding is, of its tokens ``(N, X)``."""
        return _Put.apply(tokens, self._index_N, self._row_P).view(self.batch, self.length, -1)


def _gather(padded: Tensor, index_N: Tensor) -> Tensor:
    return padded.reshape(-1, padded.size(-1)).index_select(0, index_N)


def _spread(tokens: Tensor, row_P: Tensor) -> Tensor:
    return torch.cat((tokens, tokens.new_zeros(1, tokens.size(-1)))).index_select(0, row_P)


class _Take(torch.autograd.Function):
    """Its gradient is `_Put`, which torch would compute by adding row by row."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, index_N: Tensor, row_P: Tensor) -> Tensor:
        ctx.save_for_backward(row_P)
        ctx.shape = padded.shape
        return _gather(padded, index_N)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _spread(gradients[0], ctx.saved_tensors[0]).view(ctx.shape), None, None


class _Put(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tokens: Tensor, index_N: Tensor, row_P: Tensor) -> Tensor:
        ctx.save_for_backward(index_N)
        return _spread(tokens, row_P)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _gather(gradients[0], ctx.saved_tensors[0]), None, None
