"""Parallel sentences mined by margin, as XTREME's BUCC task does (Artetxe and Schwenk 2019).

A pair scores its cosine over the mean cosine of either sentence to its nearest ones on the other side. Every sentence
proposes its best partner, the best pairs come first, and each sentence is in one pair at most. Pairs above a threshold
count, which is chosen on pairs that are known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.evaluation.nearest import BLOCK_ELEMENTS, check_finite, unit_rows

NEIGHBOURS = 4  # as in XTREME
RATIO, DISTANCE, ABSOLUTE = "ratio", "distance", "absolute"
MARGINS = (RATIO, DISTANCE, ABSOLUTE)


class Pair(NamedTuple):
    """A source and a target sentence, and how well they fit."""

    source: int
    target: int
    score: float


@torch.no_grad()
def mine(source: Tensor, target: Tensor, neighbours: int = NEIGHBOURS, margin: str = RATIO) -> list[Pair]:
    """Return the pairs of two sets of sentences from the best to the worst, each sentence in one at most.

    Args:
        source: vectors of the source sentences ``(N, H)``.
        target: of the target sentences ``(M, H)``.
        neighbours: how many the mean is over.
        margin: cosine over the mean of the neighbours' (ratio), less it (distance), or alone (absolute).

    Raises:
        ValueError: when there is no sentence on a side.
        FloatingPointError: when a vector holds NaN or infinity, or the ratio has no meaning.
    """
    if not len(source) or not len(target):
        raise ValueError("there are no sentences to mine")
    check_finite(source, "source sentences")
    check_finite(target, "target sentences")
    source, target = unit_rows(source, torch.float32), unit_rows(target, torch.float32)
    forward, to_target = _nearest(source, target, neighbours)
    backward, to_source = _nearest(target, source, neighbours)
    means = forward.mean(dim=1), backward.mean(dim=1)
    if margin == RATIO and min(float(mean.min()) for mean in means) <= 0:
        raise FloatingPointError("the nearest sentences of some have cosines below 0, of which a ratio says nothing")
    best_target, forward_scores = _best(forward, to_target, *means, margin)
    best_source, backward_scores = _best(backward, to_source, *means[::-1], margin)
    sources = np.concatenate([np.arange(len(source)), best_source])
    targets = np.concatenate([best_target, np.arange(len(target))])
    scores = np.concatenate([forward_scores, backward_scores])
    pairs: list[Pair] = []
    taken: tuple[set[int], set[int]] = set(), set()
    for place in np.argsort(-scores, kind="stable").tolist():
        one, other = int(sources[place]), int(targets[place])
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            pairs.append(Pair(one, other, float(scores[place])))
    return pairs


def _nearest(rows: Tensor, others: Tensor, neighbours: int) -> tuple[Tensor, Tensor]:
    """Return the largest cosines of every row to the others ``(N, K)``, and whose they are."""
    count = min(neighbours, len(others))
    block = max(16, BLOCK_ELEMENTS // len(others))
    parts = [(part @ others.T).topk(count) for part in rows.split(block)]
    return torch.cat([part.values for part in parts]), torch.cat([part.indices for part in parts])


def _best(cosines: Tensor, indices: Tensor, own: Tensor, others: Tensor, margin: str) -> tuple[np.ndarray, np.ndarray]:
    mean = (own[:, None] + others[indices]) / 2
    scores = cosines / mean if margin == RATIO else cosines - mean if margin == DISTANCE else cosines
    best = scores.max(dim=1)
    return indices.gather(1, best.indices[:, None])[:, 0].cpu().numpy(), best.values.cpu().numpy()


def best_threshold(candidates: Mapping[tuple[str, str], float], gold: Collection[tuple[str, str]]) -> float:
    """Return the threshold at which the pairs that score as much or more have the best F1.

    It is half way between the last pair that counts and the next one.

    Args:
        candidates: mined pairs with their scores.
        gold: the pairs that are known to be parallel.

    Raises:
        ValueError: when no candidate is a gold pair.
    """
    gold, ordered = set(gold), sorted(candidates.items(), key=lambda item: -item[1])
    best, place, right = 0.0, -1, 0
    for number, (pair, _) in enumerate(ordered):
        right += pair in gold
        f1 = 2 * right / (number + 1 + len(gold))
        if f1 > best:
            best, place = f1, number
    if place < 0:
        raise ValueError("none of the mined pairs is a gold pair: there is no threshold to choose")
    last = ordered[place][1]
    return (last + ordered[place + 1][1]) / 2 if place + 1 < len(ordered) else last
