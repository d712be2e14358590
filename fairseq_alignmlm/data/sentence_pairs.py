"""Sentence pairs with one label, for fine-tuning and prediction (XNLI, PAWS-X)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.data.finetuning import FinetuningDataset, Lines
from fairseq_alignmlm.errors import InputError


class SentencePairs(FinetuningDataset):
    """Collate ``<s> premise </s></s> hypothesis </s>``, the segment layout of RoBERTa and XLM-R.

    A pair that is too long loses tokens at the end of its longer sentence, one after the other.

    Args:
        first: piece indices of the premises, each ending in ``</s>``.
        second: those of the hypotheses.
        labels: one label index per pair, ending in ``</s>``.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: when the three differ in their number of lines.
    """

    def __init__(self, first: Lines, second: Lines, labels: Lines, **settings: Any) -> None:
        if not len(first) == len(second) == len(labels):
            raise InputError("the sentences and labels differ in number; run python -m data_prep xtreme again")
        lengths = first.sizes.astype(np.int64) + second.sizes.astype(np.int64) + 2  # <s> and the second </s>
        super().__init__(lengths, **settings)
        self._first, self._second, self._labels = first, second, labels

    def __getitem__(self, index: int) -> dict[str, Any]:
        first, second = self._first[index][:-1], self._second[index][:-1]
        room = self._max_length - 4
        keep_first, keep_second = longest_first(len(first), len(second), room)
        start, end = torch.tensor([self._bos]), torch.tensor([self._eos])
        tokens = torch.cat((start, first[:keep_first], end, end, second[:keep_second], end))
        return {"id": int(index), "tokens": tokens, "label": int(self._labels[index][0])}

    def targets(self, samples: list[dict[str, Any]], length: int) -> Tensor:
        """Return the label indices ``(B,)``."""
        return torch.tensor([sample["label"] for sample in samples])


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """Shorten two lengths to a common room, always the longer one (the second on a tie).

    Returns:
        Two lengths that sum to at most ``room``.
    """
    excess = max(0, first + second - room)
    surplus = min(excess, abs(first - second))
    if first > second:
        first -= surplus
    else:
        second -= surplus
    rest = excess - surplus
    return max(0, first - rest // 2), max(0, second - (rest + 1) // 2)
