"""InfoNCE: each query is to be nearer to its own key than to other keys (van den Oord et al. 2018)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Contrast(NamedTuple):
    """What P queries give.

    Attributes:
        loss: of each ``(P,)``, in nats.
        correct: whether its own key has the highest product ``(P,)``, bool.
        negatives: how many keys each is compared with.
    """

    loss: Tensor
    correct: Tensor
    negatives: int


def info_nce(
    query_PH: Tensor,
    key_PH: Tensor,
    temperature: float,
    others_NH: Tensor | None = None,
    own_P: Tensor | None = None,
    queue_QH: Tensor | None = None,
) -> Contrast:
    """Compute ``-log(exp(q k / t) / (exp(q k / t) + sum over negatives n of exp(q n / t)))`` of every query.

    Args:
        query_PH: the queries ``(P, H)``.
        key_PH: the key of each ``(P, H)``.
        temperature: t, above 0.
        others_NH: keys of a batch ``(N, H)``; those of other pairs are negatives.
        own_P: the row there that is each query's own key ``(P,)``.
        queue_QH: further negatives ``(Q, H)``.

    Returns:
        The losses, 0 where there is no negative; float32.
    """
    query_PH, key_PH = query_PH.float(), key_PH.float()
    columns = [(query_PH * key_PH).sum(1, keepdim=True)]
    negatives = 0
    if others_NH is not None and own_P is not None:
        products_PN = query_PH @ others_NH.float().t()
        columns.append(products_PN.scatter(1, own_P[:, None], -torch.inf))
        negatives += len(others_NH) - 1
    if queue_QH is not None:
        columns.append(query_PH @ queue_QH.float().t())
        negatives += len(queue_QH)
    logits_PC = torch.cat(columns, 1) / temperature
    target_P = torch.zeros(len(logits_PC), dtype=torch.long, device=logits_PC.device)
    return Contrast(
        F.cross_entropy(logits_PC, target_P, reduction="none"), logits_PC.argmax(1).eq(0), max(0, negatives)
    )
