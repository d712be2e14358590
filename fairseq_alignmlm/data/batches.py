"""Parts of a collated batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fairseq_alignmlm.data.pairs import select_pairs

FLAT = ("selected", "token_index")  # flat indices into the whole batch


def select_rows(sample: dict[str, Any], rows_B: Tensor) -> dict[str, Any]:
    """Keep some rows of a batch; one that is kept whole is not copied.

    Args:
        sample: a batch as `MaskedInstances.collater` makes it.
        rows_B: bool ``(B,)``.

    Returns:
        A batch with the chosen rows and with ``nsentences`` and ``ntokens`` to match, without flat indices.
    """
    if bool(rows_B.all()):
        return sample
    batch = rows_B.numel()

    def select(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: select(entry) for key, entry in value.items() if key not in (*FLAT, "pairs")}
        return value[rows_B] if torch.is_tensor(value) and value.dim() and value.size(0) == batch else value

    kept = select(sample)
    kept["nsentences"] = int(rows_B.sum())
    kept["ntokens"] = int(kept["net_input"]["src_lengths"].sum())
    if "pairs" in sample:
        row_P = sample["pairs"]["row"]
        moved = sample["pairs"] | {"row": rows_B.cumsum(0)[row_P] - 1}
        kept["pairs"] = select_pairs(moved, rows_B[row_P])
    return kept


def without_targets(sample: dict[str, Any], padding_index: int) -> dict[str, Any]:
    """Return a batch with the same input and nothing to predict or compare: its loss is 0, and so is its gradient.

    Args:
        sample: a batch as `MaskedInstances.collater` makes it.
        padding_index: what ``target`` holds where nothing is predicted.
    """
    empty = sample | {"target": torch.full_like(sample["target"], padding_index)}
    if "selected" in sample:
        empty["selected"] = sample["selected"][:0]
    if "pairs" in sample:
        empty["pairs"] = select_pairs(sample["pairs"], torch.zeros_like(sample["pairs"]["row"], dtype=torch.bool))
    return empty
