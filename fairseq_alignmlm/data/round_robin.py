"""Several data sets in turn: one instance of each, then the next of each (Gaschi et al. 2023, published code)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairseq_alignmlm.data.masking import generator

FIRST, ALL = "first", "all"


def round_robin(sizes: Sequence[int], ending: str, seed: int, epoch: int) -> np.ndarray:
    """List the instances of one epoch.

    Args:
        sizes: instances of each set, all positive.
        ending: ``first`` ends an epoch with the smallest set, so that of larger ones only a part is ever seen, the same
            in every epoch; ``all`` ends it with the largest, smaller ones being repeated.
        seed: seed of the run.
        epoch: number of the epoch.

    Returns:
        int64 ``(N, 2)``: the set and the instance in it.
    """
    length = min(sizes) if ending == FIRST else max(sizes)
    columns = []
    for number, size in enumerate(sizes):
        rounds = []
        for turn in range(-(-length // size)):
            chosen = np.arange(size)
            if length < size:
                chosen = generator(seed, number).permutation(size)[:length]
            rounds.append(generator(seed, number, epoch, turn).permutation(chosen))
        columns.append(np.concatenate(rounds)[:length])
    rows = np.stack(columns, axis=1).astype(np.int64)
    sets = np.broadcast_to(np.arange(len(sizes)), rows.shape)
    return np.stack([sets, rows], axis=-1).reshape(-1, 2)
