"""What the fine-tuning data sets share: batches of similar lengths, padding, language IDs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from fairseq.data import FairseqDataset
from torch import Tensor

from fairseq_alignmlm.data.masking import generator

BATCHES_PER_POOL = 200  # under 5 % of padding for short sentences, too, as those of PAN-X


class Lines(Protocol):
    """Binarized lines: their lengths ``(N,)``, and the tokens ``(T,)`` of each."""

    @property
    def sizes(self) -> np.ndarray: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Tensor: ...


class FinetuningDataset(FairseqDataset):
    """Labelled instances of one language.

    Args:
        lengths: length of each instance in tokens before it is cut ``(N,)``.
        max_length: longest instance in tokens, special symbols included.
        bos: index of ``<s>``.
        eos: index of ``</s>``.
        padding_index: index of ``<pad>``.
        seed: seed of the run.
        shuffle: order of training (shuffled, similar lengths together) or of the file.
        language: the language's number for models with language embeddings, else None.
        batch_size: instances per batch.
        batches_per_pool: similar lengths are sought among so many batches: more leave less padding, fewer mix better.
    """

    def __init__(
        self,
        lengths: np.ndarray,
        max_length: int,
        bos: int,
        eos: int,
        padding_index: int,
        seed: int,
        shuffle: bool,
        language: int | None,
        batch_size: int,
        batches_per_pool: int = BATCHES_PER_POOL,
    ) -> None:
        super().__init__()
        self._max_length, self._bos, self._eos, self._pad = max_length, bos, eos, padding_index
        self._seed, self._shuffle, self._language, self._batch_size = seed, shuffle, language, batch_size
        self._batches_per_pool = batches_per_pool
        self._epoch = 1
        self.sizes = np.minimum(lengths, max_length)
        self.truncated = int((lengths > max_length).sum())

    def targets(self, samples: list[dict[str, Any]], length: int) -> Tensor:
        """Stack the labels of a batch of the given padded length."""
        raise NotImplementedError

    def line(self, index: int) -> int:
        """Return which instance of the file an instance is, or is a part of."""
        return index

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the order belongs to."""
        self._epoch = epoch

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Batches are made anew every training epoch."""
        return not self._shuffle

    def __len__(self) -> int:
        return len(self.sizes)

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack instances, padded on the right.

        Returns:
            ``net_input`` with ``src_tokens`` ``(B, T)``, ``src_lengths`` ``(B,)``, ``has_padding``, with padding
            ``token_index``, the flat indices of all tokens that are none, and, for a language, ``language_ids``
            ``(B, T)``; ``target``, see `targets`; ``id`` ``(B,)``; ``nsentences``;
            ``ntokens``.
        """
        if not samples:
            return {}
        lengths = torch.tensor([len(sample["tokens"]) for sample in samples])
        longest = int(lengths.max())
        tokens = self._stack([sample["tokens"] for sample in samples], longest)
        net_input: dict[str, Any] = {
            "src_tokens": tokens,
            "src_lengths": lengths,
            "has_padding": bool(lengths.min() < longest),
        }
        if net_input["has_padding"]:
            net_input["token_index"] = tokens.ne(self._pad).flatten().nonzero()[:, 0]
        if self._language is not None:
            net_input["language_ids"] = self._language * tokens.ne(self._pad).long()
        return {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "nsentences": len(samples),
            "ntokens": int(lengths.sum()),
            "net_input": net_input,
            "target": self.targets(samples, longest),
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
        """List the instances: in file order, or shuffled with similar lengths next to each other.

        Sorting happens within random pools of ``batches_per_pool`` batches, so that batches differ between epochs and
        hold little padding.
        """
        if not self._shuffle:
            return np.arange(len(self))
        order = generator(self._seed, self._epoch).permutation(len(self))
        pool = self._batch_size * self._batches_per_pool
        pools = [order[start : start + pool] for start in range(0, len(order), pool)]
        return np.concatenate([part[np.argsort(self.sizes[part], kind="stable")] for part in pools])
