"""Cross-entropy of the selected tokens, shared by the objectives built on masked language modelling."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fairseq_alignmlm.errors import InputError


def masked_cross_entropy(model: Any, net_input: dict[str, Any], target_BT: Tensor, padding_index: int) -> Tensor:
    """Sum the cross-entropy over the selected tokens, projecting only these onto the vocabulary.

    Args:
        model: a fairseq encoder model whose ``forward`` takes ``masked_tokens``.
        net_input: its other arguments.
        target_BT: original tokens ``(B, T)``; padding where nothing is predicted.
        padding_index: index of ``<pad>``.

    Returns:
        The sum in nats, a float32 scalar; 0 with a gradient of 0 when nothing is selected.
    """
    selected_BT = target_BT.ne(padding_index)
    logits = model(**net_input, masked_tokens=selected_BT)[0]
    return F.cross_entropy(logits.float(), target_BT[selected_BT], reduction="sum")


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
