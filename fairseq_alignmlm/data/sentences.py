"""Instances made of whole sentences, or of sentence pairs: packed (appendix G.3), or one in each."""

from __future__ import annotations

import numpy as np
import torch
from fairseq.data.indexed_dataset import MMapIndexedDataset
from torch import Tensor

from fairseq_alignmlm.data.packing import Packing, one_each, pack


class SentenceInstances:
    """Sentences joined while they fit, behind one ``<s>``.

    Args:
        dataset: binarized sentences, each ending in ``</s>``.
        limit: most tokens of an instance, ``<s>`` included.
        bos: index of ``<s>``.
        look_ahead: see `pack`.
        single: one sentence an instance instead.
    """

    def __init__(
        self, dataset: MMapIndexedDataset, limit: int, bos: int, look_ahead: int = 1, single: bool = False
    ) -> None:
        self._dataset = dataset
        self._start = torch.tensor([bos])
        room = limit - 1
        self.packing: Packing = one_each(dataset.sizes, room) if single else pack(dataset.sizes, room, None, look_ahead)
        self.sizes = 1 + _sums(dataset.sizes, self.packing)

    def __len__(self) -> int:
        return len(self.packing)

    def __getitem__(self, index: int) -> Tensor:
        """Return an instance ``(T,)``, T at most the limit."""
        return torch.cat([self._start, *(self._dataset[int(i)] for i in self.packing.instance(index))])


class ParallelInstances:
    """Sentence pairs joined side by side while both sides fit: the instances of TLM.

    Args:
        first: binarized sentences of L1.
        second: their translations; line i belongs to line i.
        limit: most tokens of each side, its ``<s>`` included; of single pairs, of both sides together.
        bos: index of ``<s>``.
        order: the pairs to use, in the order of packing.
        look_ahead: see `pack`.
        single: one pair an instance instead.
        shortest: least number of pieces of a side of a single pair.

    Raises:
        ValueError: when the two sides differ in their number of lines.
    """

    def __init__(
        self,
        first: MMapIndexedDataset,
        second: MMapIndexedDataset,
        limit: int,
        bos: int,
        order: np.ndarray,
        look_ahead: int = 1,
        single: bool = False,
        shortest: int = 1,
    ) -> None:
        if len(first) != len(second):
            raise ValueError(f"{len(first):,} lines against {len(second):,}")
        self._sides = (first, second)
        self._start = torch.tensor([bos])
        sizes = np.stack([first.sizes, second.sizes], axis=1)
        self.packing = (
            one_each(sizes, limit - 2, order, shortest) if single else pack(sizes, limit - 1, order, look_ahead)
        )
        self.side_sizes = np.stack([1 + _sums(side.sizes, self.packing) for side in self._sides], axis=1)

    def __len__(self) -> int:
        return len(self.packing)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the two sides of an instance, ``(T1,)`` and ``(T2,)``."""
        chosen = self.packing.instance(index)
        first, second = (torch.cat([self._start, *(side[int(i)] for i in chosen)]) for side in self._sides)
        return first, second


def _sums(sizes: np.ndarray, packing: Packing) -> np.ndarray:
    """Sum sentence lengths over the instances of a packing, int64 ``(instances,)``."""
    if len(packing) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.add.reduceat(np.asarray(sizes)[packing.kept].astype(np.int64), packing.bounds[:-1])
