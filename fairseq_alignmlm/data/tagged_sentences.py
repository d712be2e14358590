"""Sentences with a tag per word, for fine-tuning and prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from fairseq.data import FairseqDataset
from fairseq.data.indexed_dataset import MMapIndexedDataset
from torch import Tensor

from fairseq_alignmlm.data.masking import generator
from fairseq_alignmlm.errors import InputError

BATCHES_PER_POOL = 50


class TaggedSentences(FairseqDataset):
    """Collate ``<s> pieces </s>`` with the tag of each word on its first piece.

    Args:
        tokens: piece indices of each sentence, ending in ``</s>``.
        labels: as many label indices; padding on all but the first piece of a word.
        max_length: longest instance in tokens, ``<s>`` and ``</s>`` included; the rest of a sentence is cut off.
        bos: index of ``<s>``.
        eos: index of ``</s>``.
        padding_index: index of ``<pad>`` in both dictionaries.
        seed: seed of the run.
        shuffle: order of training (shuffled, similar lengths together) or of the file.
        language: the language's number for models with language embeddings, else None.
        batch_size: sentences per batch; similar lengths are sought among `BATCHES_PER_POOL` batches.

    Raises:
        InputError: when the two data sets do not match piece by piece.
    """

    def __init__(
        self,
        tokens: MMapIndexedDataset,
        labels: MMapIndexedDataset,
        max_length: int,
        bos: int,
        eos: int,
        padding_index: int,
        seed: int,
        shuffle: bool,
        language: int | None,
        batch_size: int,
    ) -> None:
        super().__init__()
        if len(tokens) != len(labels) or not np.array_equal(tokens.sizes, labels.sizes):
            raise InputError("the tokens and labels differ in length; run python -m data_prep xtreme again")
        self._tokens, self._labels = tokens, labels
        self._max_length, self._bos, self._eos, self._pad = max_length, bos, eos, padding_index
        self._seed, self._shuffle, self._language, self._batch_size = seed, shuffle, language, batch_size
        self._epoch = 1
        self.sizes = np.minimum(tokens.sizes.astype(np.int64) + 1, max_length)  # </s> is there, <s> is not
        self.truncated = int((tokens.sizes.astype(np.int64) + 1 > max_length).sum())

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the order belongs to."""
        self._epoch = epoch

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Batches are made anew every training epoch."""
        return not self._shuffle

    def __len__(self) -> int:
        return len(self._tokens)

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

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack sentences, padded on the right.

        Returns:
            ``net_input`` with ``src_tokens`` ``(B, T)``, ``src_lengths`` ``(B,)``, ``has_padding`` and, for a
            language, ``language_ids`` ``(B, T)``; ``target`` ``(B, T)``, padding where no tag is; ``id`` ``(B,)``.
        """
        if not samples:
            return {}
        lengths = torch.tensor([len(sample["tokens"]) for sample in samples])
        tokens = self._stack([sample["tokens"] for sample in samples], int(lengths.max()))
        net_input: dict[str, Any] = {
            "src_tokens": tokens,
            "src_lengths": lengths,
            "has_padding": bool(lengths.min() < lengths.max()),
        }
        if self._language is not None:
            net_input["language_ids"] = self._language * tokens.ne(self._pad).long()
        return {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "nsentences": len(samples),
            "ntokens": int(lengths.sum()),
            "net_input": net_input,
            "target": self._stack([sample["labels"] for sample in samples], int(lengths.max())),
        }

    def _stack(self, rows: list[Tensor], length: int) -> Tensor:
        stacked = torch.full((len(rows), length), self._pad, dtype=torch.long)
        for number, row in enumerate(rows):
            stacked[number, : len(row)] = row
        return stacked

    def num_tokens(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return int(self.sizes[index])

    def size(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return int(self.sizes[index])

    def ordered_indices(self) -> np.ndarray:
        """List the sentences: in file order, or shuffled with similar lengths next to each other.

        Sorting happens within random pools of `BATCHES_PER_POOL` batches, so that batches differ between epochs and
        hold little padding.
        """
        if not self._shuffle:
            return np.arange(len(self))
        order = generator(self._seed, self._epoch).permutation(len(self))
        pool = self._batch_size * BATCHES_PER_POOL
        pools = [order[start : start + pool] for start in range(0, len(order), pool)]
        return np.concatenate([part[np.argsort(self.sizes[part], kind="stable")] for part in pools])
