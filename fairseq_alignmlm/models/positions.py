"""Position indices and their initial embeddings."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def position_indices(tokens_BT: Tensor, padding_index: int, has_padding: bool) -> Tensor:
    """Number the tokens of each sequence from ``padding_index + 1``; padding gets ``padding_index``.

    This is the numbering of stock fairseq, so that stock checkpoints fit.

    Args:
        tokens_BT: token indices ``(B, T)``.
        padding_index: index of the padding symbol.
        has_padding: False promises that no token is padding.

    Returns:
        ``(B, T)`` with padding, else ``(1, T)``.
    """
    if not has_padding:
        length = tokens_BT.size(1)
        return torch.arange(padding_index + 1, padding_index + 1 + length, device=tokens_BT.device)[None]
    present = tokens_BT.ne(padding_index)
    return present.cumsum(1) * present + padding_index


def sinusoids(rows: int, width: int, std: float) -> Tensor:
    """Return the sinusoids of Vaswani et al. (2017) for positions 0..rows-1, scaled to standard deviation ``std``.

    Args:
        rows: number of positions.
        width: embedding size H.
        std: root mean square of the result; that of the word embeddings keeps words and places in balance.

    Returns:
        ``(rows, H)`` float32; even columns are sines, odd ones cosines.
    """
    frequencies = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10000.0) / width))
    angles = torch.arange(rows).float()[:, None] * frequencies[None]
    table = torch.zeros(rows, width)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles)[:, : width // 2]
    return table * (std * math.sqrt(2.0))
