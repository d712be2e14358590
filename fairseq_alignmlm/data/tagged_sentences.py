"""Sentences with a tag per word, for fine-tuning and prediction (NER, POS)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from fairseq.data.indexed_dataset import MMapIndexedDataset
from torch import Tensor

from fairseq_alignmlm.data.finetuning import FinetuningDataset
from fairseq_alignmlm.errors import InputError


class TaggedSentences(FinetuningDataset):
    """Collate ``<s> pieces </s>`` with the tag of each word on its first piece; long sentences are cut.

    Args:
        tokens: piece indices of each sentence, ending in ``</s>``.
        labels: as many label indices; padding on all but the first piece of a word.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: when the two data sets do not match piece by piece.
    """

    def __init__(self, tokens: MMapIndexedDataset, labels: MMapIndexedDataset, **settings: Any) -> None:
        if len(tokens) != len(labels) or not np.array_equal(tokens.sizes, labels.sizes):
            raise InputError("the tokens and labels differ in length; run python -m data_prep xtreme again")
        super().__init__(tokens.sizes.astype(np.int64) + 1, **settings)  # </s> is there, <s> is not
        self._tokens, self._labels = tokens, labels

    def words(self, index: int) -> int:
        """Return the number of words of a sentence, those cut off included."""
        return int((self._labels[index][:-1] != self._pad).sum())

    def __getitem__(self, index: int) -> dict[str, Any]:
        pieces = self._tokens[index][:-1][: self._max_length - 2]
        labels = self._labels[index][:-1][: self._max_length - 2]
        border = torch.tensor([self._pad])
        return {
            "id": int(index),
            "tokens": torch.cat((torch.tensor([self._bos]), pieces, torch.tensor([self._eos]))),
            "labels": torch.cat((border, labels, border)),
        }

    def targets(self, samples: list[dict[str, Any]], length: int) -> Tensor:
        """Return label indices ``(B, T)``, padding where no tag is."""
        return self._stack([sample["labels"] for sample in samples], length)
