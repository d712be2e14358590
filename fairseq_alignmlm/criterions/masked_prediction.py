"""Cross-entropy of the selected tokens, shared by the objectives built on masked language modelling."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fairseq_alignmlm.errors import InputError


def masked_cross_entropy(
    model: Any, sample: dict[str, Any], selected: Tensor, net_input: dict[str, Any] | None = None
) -> tuple[Tensor, Tensor]:
    """Compute the cross-entropy of the selected tokens, projecting only these onto the vocabulary.

    Args:
        model: a `MultilingualRoberta`, which projects block by block, or another fairseq model whose ``forward`` takes
            ``masked_tokens``, of which all logits are asked.
        sample: a batch, with the right tokens in ``target`` ``(B, T)``.
        selected: what `selected_positions` returns for the batch.
        net_input: what the model gets instead of the batch's ``net_input``.

    Returns:
        The sum, 0 with a gradient of 0 when nothing is selected, and the loss of each selected token ``(N,)``, without
        a gradient; in nats, float32.
    """
    inputs = sample["net_input"] if net_input is None else net_input
    if getattr(model, "computes_prediction_loss", False):
        loss, extra = model(**inputs, masked_tokens=selected, masked_targets=sample["target"])
        return loss, extra["token_losses"]
    if selected.dtype != torch.bool:
        selected = torch.zeros_like(sample["target"], dtype=torch.bool).view(-1).index_fill(0, selected, True)
        selected = selected.view_as(sample["target"])
    logits = model(**inputs, masked_tokens=selected)[0]
    losses = F.cross_entropy(logits.float(), sample["target"][selected], reduction="none")
    return losses.sum(), losses.detach()


def selected_positions(sample: dict[str, Any], padding_index: int) -> Tensor:
    """Return the positions to predict: flat indices ``(N,)`` if the batch has them, else bool ``(B, T)``."""
    found = sample.get("selected")
    return sample["target"].ne(padding_index) if found is None else found


def bits(nats: Tensor | float, count: Tensor | float) -> Any:
    """Return the mean in bits, the unit of fairseq's logs, of a sum in nats."""
    return nats / count / torch.log(torch.tensor(2.0)).item()


def require_language_ids(sample: dict[str, Any], waived: bool) -> None:
    """Refuse to train without language IDs an objective that the paper trains with them (G.3, G.4).

    Silently forgotten language IDs are a known cause of bad results.

    Args:
        sample: a batch.
        waived: the user has said that none are wanted.

    Raises:
        InputError: when the batch has no language IDs.
    """
    if not waived and "language_ids" not in sample["net_input"]:
        raise InputError(
            "this objective wants language IDs, but the model has no language embeddings; pass --language-embeddings, "
            "or --without-language-ids if that is meant"
        )
