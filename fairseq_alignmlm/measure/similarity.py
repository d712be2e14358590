"""Measures of two sets of vectors, row i of the one belonging to row i of the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.evaluation.nearest import check_finite, nearest_neighbours, unit_rows
from fairseq_alignmlm.measure.intervals import Score, jackknife

GROUPS = 20  # of the jackknife
NEIGHBOURS = 10
SIMILARITIES = 1 << 24  # that are held at a time, 64 MB: 83 words among 200,000


def paired_hits(source: Tensor, target: Tensor) -> np.ndarray:
    """Say for every row of ``source`` whether row i of ``target`` is its cosine nearest, bool ``(N,)``."""
    return nearest_neighbours(source, target).eq(torch.arange(len(source))).numpy()


def mutual_hits(source: Tensor, target: Tensor) -> np.ndarray:
    """Say of every pair whether each is the other's nearest, bool ``(N,)``: MEXA (Kargaran et al. 2025, equation 1).

    MEXA asks that the similarity of a pair is the largest of its row and of its column.
    """
    return paired_hits(source, target) & paired_hits(target, source)


def linear_cka(source: Tensor, target: Tensor) -> Score:
    """Return linear CKA (Kornblith et al. 2019, equation 3) of two sets of vectors, 0 to 100, with its interval.

    Of sentences drawn twice CKA makes too much, so that the interval is that of a jackknife.

    Args:
        source: ``(N, H)``.
        target: ``(N, H')``.

    Raises:
        ValueError: there are fewer than three rows, or one side does not vary.
        FloatingPointError: a vector holds NaN or infinity.
    """
    for side in (source, target):
        check_finite(side, "sentence vectors")
    if len(source) < 3:
        raise ValueError(f"CKA of {len(source)} sentences says nothing; give three or more")
    kernels = [_kernel(side) for side in (source, target)]

    def cka(chosen: np.ndarray) -> float:
        rows = torch.from_numpy(chosen)
        first, second = (_centred(kernel[rows][:, rows]) for kernel in kernels)
        norm = torch.linalg.vector_norm(first) * torch.linalg.vector_norm(second)
        return float(100.0 * (first * second).sum() / norm) if norm > 0 else float("nan")

    return jackknife(len(source), cka, GROUPS)


def _kernel(vectors: Tensor) -> Tensor:
    centred = vectors.double() - vectors.double().mean(0)
    return centred @ centred.T


def _centred(kernel: Tensor) -> Tensor:
    return kernel - kernel.mean(0) - kernel.mean(1, keepdim=True) + kernel.mean()


def lexicon_hits(
    source: Tensor, target: Tensor, gold: Sequence[Sequence[int]], block: int | None = None
) -> dict[str, np.ndarray]:
    """Retrieve the translations of words.

    Args:
        source: vectors of the words, ``(N, H)``.
        target: vectors of all words of the other language, ``(M, H)``.
        gold: for each word, the rows of its translations in ``target``, one or more.
        block: words at a time; by default as many as have 16 million similarities.

    Returns:
        Booleans ``(N,)``: ``weak``, the cosine nearest word of the other language is a translation; ``csls``, likewise
        by CSLS with 10 neighbours (Conneau et al. 2018); ``strong``, a translation is also nearer than every other word
        of the own language (Roy et al. 2020: language-agnostic retrieval).

    Raises:
        FloatingPointError: a vector holds NaN or infinity.
    """
    for side in (source, target):
        check_finite(side, "word vectors")
    first, second = unit_rows(source, torch.float32), unit_rows(target, torch.float32)
    block = block or max(1, SIMILARITIES // max(len(first), len(second)))
    source_density, target_density = _density(first, second, block), _density(second, first, block)
    found: dict[str, list[np.ndarray]] = {"weak": [], "csls": [], "strong": []}
    for start in range(0, len(first), block):
        part = first[start : start + block]
        cosine = part @ second.T
        own = part @ first.T
        own[torch.arange(len(part)), torch.arange(start, start + len(part))] = -torch.inf
        is_gold = torch.zeros_like(cosine, dtype=torch.bool)
        for row in range(len(part)):
            is_gold[row, list(gold[start + row])] = True
        best = cosine.masked_fill(~is_gold, -torch.inf).amax(1)
        weak = cosine.masked_fill(is_gold, -torch.inf).amax(1) < best
        csls = 2 * cosine - source_density[start : start + block, None] - target_density
        by_csls = csls.masked_fill(~is_gold, -torch.inf).amax(1) > csls.masked_fill(is_gold, -torch.inf).amax(1)
        found["weak"].append(weak.numpy())
        found["csls"].append(by_csls.numpy())
        found["strong"].append((weak & (own.amax(1) < best)).numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _density(vectors: Tensor, others: Tensor, block: int) -> Tensor:
    count = min(NEIGHBOURS, len(others))
    return torch.cat([(part @ others.T).topk(count).values.mean(1) for part in vectors.split(block)])
