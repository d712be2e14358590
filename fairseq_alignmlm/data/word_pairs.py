"""Dictionary words as instances: each word of L1 alone, with one of its translations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from fairseq.data import FairseqDataset

from fairseq_alignmlm.data.masking import generator
from fairseq_alignmlm.data.pairs import Side, pair_rows

Translations = tuple[Side, list[Side]]  # a word of L1, and its translations; tokens with special symbols


class WordPairs(FairseqDataset):
    """Pairs of words; of a word with several translations an epoch takes one, drawn by (seed, epoch, word).

    Args:
        words: each word of L1 with its translations.
        padding_index: index of ``<pad>``.
        seed: seed of the run.
        shuffle: shuffle the words and draw anew in every epoch (training), or keep order and first translations.
        with_language_ids: for models with language embeddings.
    """

    def __init__(
        self, words: Sequence[Translations], padding_index: int, seed: int, shuffle: bool, with_language_ids: bool
    ) -> None:
        super().__init__()
        self._words = list(words)
        self._padding_index = padding_index
        self._seed = seed
        self._shuffle = shuffle
        self._with_language_ids = with_language_ids
        self._epoch = 1
        longest = [max(len(tokens) for _, tokens in (word, *others)) for word, others in self._words]
        self.sizes = np.array(longest, dtype=np.int64)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that order and translations belong to."""
        self._epoch = epoch

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Training batches are made anew every epoch."""
        return not self._shuffle

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, index: int) -> dict[str, Any]:
        word, others = self._words[index]
        draw = generator(self._seed, self._epoch, int(index)).integers(len(others)) if self._shuffle else 0
        return {"id": int(index), "sides": (word, others[int(draw)])}

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack pairs.

        Returns:
            ``pairs``, see `pair_rows`; ``net_input``, the words of L1; ``target`` ``(P, T)``, all padding: nothing is
            predicted; ``part`` and ``id`` ``(P,)``; ``nsentences``; ``ntokens``, of both sides.
        """
        if not samples:
            return {}
        sides = [sample["sides"] for sample in samples]
        pairs = pair_rows(range(len(sides)), sides, self._padding_index, self._with_language_ids)
        first, second = pairs["first"], pairs["second"]
        return {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "part": torch.zeros(len(samples), dtype=torch.long),
            "nsentences": len(samples),
            "ntokens": int(first["src_lengths"].sum() + second["src_lengths"].sum()),
            "net_input": first,
            "target": torch.full_like(first["src_tokens"], self._padding_index),
            "pairs": pairs,
        }

    def num_tokens(self, index: int) -> int:
        """Return the length of the longer side in tokens."""
        return int(self.sizes[index])

    def size(self, index: int) -> int:
        """Return the length of the longer side in tokens."""
        return int(self.sizes[index])

    def ordered_indices(self) -> np.ndarray:
        """List the words of the epoch, shuffled by (seed, epoch) for training."""
        return generator(self._seed, self._epoch).permutation(len(self)) if self._shuffle else np.arange(len(self))
