"""Whole sentences packed into instances of limited length (appendix G.3): which sentences go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLANK_LINE = 1  # a document boundary is binarized as a lone </s>


@dataclass(frozen=True)
class Packing:
    """Instances as runs of consecutive entries of `kept`.

    Attributes:
        kept: indices of the sentences (or pairs) that are used ``(M,)``, in the order in which they are packed.
        bounds: instance i holds ``kept[bounds[i]:bounds[i + 1]]``; ``(instances + 1,)``.
        blank: number of blank lines left out.
        too_long: number of sentences (or pairs) left out because they exceed the limit.
    """

    kept: np.ndarray
    bounds: np.ndarray
    blank: int
    too_long: int

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def instance(self, index: int) -> np.ndarray:
        """Return the sentences of an instance."""
        return self.kept[self.bounds[index] : self.bounds[index + 1]]


def pack(sizes: np.ndarray, limit: int, order: np.ndarray | None = None) -> Packing:
    """Fill instances with whole sentences, one after the other, each as full as it gets.

    Args:
        sizes: lengths in tokens ``(S,)`` of sentences, or ``(S, 2)`` of the two sides of sentence pairs.
        limit: most tokens of an instance (of each side).
        order: the sentences to use, in this order; by default all, in file order.

    Returns:
        The packing; sentences longer than the limit and blank lines are left out and counted.
    """
    sizes = np.asarray(sizes, dtype=np.int64)
    sizes = sizes[:, None] if sizes.ndim == 1 else sizes
    order = np.arange(len(sizes)) if order is None else order
    blank = (sizes[order] <= BLANK_LINE).any(1)
    too_long = ~blank & (sizes[order] > limit).any(1)
    kept = order[~blank & ~too_long]
    ends = np.concatenate([np.zeros((1, sizes.shape[1]), dtype=np.int64), np.cumsum(sizes[kept], axis=0)])
    bounds = [0]
    while bounds[-1] < len(kept):
        start = bounds[-1]
        # The last sentence whose end is within the limit, on every side.
        fits = [np.searchsorted(side, side[start] + limit, side="right") - 1 for side in ends.T]
        bounds.append(int(min(fits)))
    return Packing(kept, np.array(bounds, dtype=np.int64), int(blank.sum()), int(too_long.sum()))
