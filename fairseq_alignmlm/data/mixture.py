"""How often each language is seen: exponentially smoothed sampling over several data sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairseq_alignmlm.data.masking import generator


def smoothed_counts(sizes: Sequence[int], alpha: float) -> list[int]:
    """Share out an epoch over languages in proportion to ``size ** alpha`` (Conneau and Lample 2019).

    Args:
        sizes: instances of each language, all positive.
        alpha: 1 keeps the sizes as they are, 0 makes all languages equal.

    Returns:
        Instances per epoch of each language; they sum to ``sum(sizes)`` up to rounding, none is 0.
    """
    if alpha == 1.0:
        return list(sizes)
    weights = np.asarray(sizes, dtype=np.float64) ** alpha
    return [max(1, round(share)) for share in weights / weights.sum() * sum(sizes)]


def epoch_order(sizes: Sequence[int], counts: Sequence[int], seed: int, epoch: int) -> np.ndarray:
    """List the instances of one epoch, as indices into the concatenation of all languages.

    A language that is seen more often than it has instances is gone through whole before anything repeats. The r-th
    repetition of instance i has the index ``i + r * sum(sizes)``, so that masks can tell repetitions apart.

    Args:
        sizes: instances of each language.
        counts: how many of each to list.
        seed: seed of the run.
        epoch: number of the epoch.

    Returns:
        int64 ``(sum(counts),)``, languages one after the other, each in its own order.
    """
    chosen = []
    offset, total = 0, sum(sizes)
    for language, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        rounds, rest = divmod(count, size)
        extra = np.sort(generator(seed, epoch, language).permutation(size)[:rest])
        whole = [np.arange(size) + number * total for number in range(rounds)]
        chosen.append(offset + np.concatenate([*whole, extra + rounds * total]).astype(np.int64))
        offset += size
    return np.concatenate(chosen)
