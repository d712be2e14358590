"""The two sides of sentence pairs as rows of their own, which contrastive objectives encode beside the instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Side = tuple[int, np.ndarray]  # the language's number, 1..L, and the tokens (T,), special symbols included


def side_input(sides: Sequence[Side], padding_index: int, with_language_ids: bool) -> dict[str, Any]:
    """Stack one side of P pairs, padded on the right, as input of the model.

    Args:
        sides: language and tokens of each.
        padding_index: index of ``<pad>``.
        with_language_ids: add ``language_ids``, for models with language embeddings.

    Returns:
        ``src_tokens`` ``(P, T)``, ``src_lengths`` ``(P,)``, ``positions`` ``(P, T)``, ``has_padding``, and, when
        wanted, ``language_ids`` ``(P, T)``; P may be 0.
    """
    lengths = torch.tensor([len(tokens) for _, tokens in sides], dtype=torch.long)
    longest = int(lengths.max()) if len(sides) else 0
    tokens_PT = torch.full((len(sides), longest), padding_index, dtype=torch.long)
    for row, (_, tokens) in enumerate(sides):
        tokens_PT[row, : len(tokens)] = torch.from_numpy(np.asarray(tokens, dtype=np.int64))
    present_PT = torch.arange(longest) < lengths[:, None]
    numbers_PT = torch.arange(longest).expand_as(tokens_PT) + padding_index + 1
    found: dict[str, Any] = {
        "src_tokens": tokens_PT,
        "src_lengths": lengths,
        "positions": torch.where(present_PT, numbers_PT, padding_index),
        "has_padding": not bool(present_PT.all()),
    }
    if with_language_ids:
        languages_P = torch.tensor([language for language, _ in sides], dtype=torch.long)
        found["language_ids"] = present_PT.long() * languages_P[:, None]
    return found


def pair_rows(
    rows: Sequence[int], pairs: Sequence[tuple[Side, Side]], padding_index: int, with_language_ids: bool
) -> dict[str, Any]:
    """Collate P pairs.

    Args:
        rows: for each, the row of the batch that it belongs to.
        pairs: the two sides of each.
        padding_index: index of ``<pad>``.
        with_language_ids: see `side_input`.

    Returns:
        ``row`` ``(P,)``, and ``first`` and ``second``, the inputs of the model.
    """
    first, second = (side_input([pair[side] for pair in pairs], padding_index, with_language_ids) for side in (0, 1))
    return {"row": torch.tensor(list(rows), dtype=torch.long), "first": first, "second": second}


def select_pairs(pairs: dict[str, Any], keep_P: Tensor) -> dict[str, Any]:
    """Keep some of P pairs; ``keep_P`` is bool ``(P,)``."""

    def select(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: select(entry) for key, entry in value.items()}
        return value[keep_P] if torch.is_tensor(value) else value

    return select(pairs)


def join_inputs(inputs: Sequence[dict[str, Any]], padding_index: int) -> dict[str, Any]:
    """Put the rows of several inputs of the model below each other, so that one forward pass serves all.

    Args:
        inputs: each with ``src_tokens`` ``(B_i, T_i)``, ``positions`` and perhaps ``language_ids``.
        padding_index: index of ``<pad>``.

    Returns:
        The input of ``sum(B_i)`` rows of the greatest length. Flat indices into the first input stay what they are if
        no other has longer rows.
    """
    length = max(each["src_tokens"].size(1) for each in inputs)
    fills = {"src_tokens": padding_index, "positions": padding_index, "language_ids": 0}
    joined: dict[str, Any] = {
        name: torch.cat([_widened(each[name], length, fill) for each in inputs])
        for name, fill in fills.items()
        if name in inputs[0]
    }
    joined["src_lengths"] = torch.cat([each["src_lengths"] for each in inputs])
    joined["has_padding"] = any(
        each["has_padding"] or (len(each["src_tokens"]) and each["src_tokens"].size(1) < length) for each in inputs
    )
    return joined


def _widened(values_BT: Tensor, length: int, fill: int) -> Tensor:
    missing = length - values_BT.size(1)
    return torch.nn.functional.pad(values_BT, (0, missing), value=fill) if missing else values_BT
