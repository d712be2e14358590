"""Word translation retrieval: precision at 1 and 5, by cosine and by CSLS, for natural languages.

A word may have several pieces, its vector is then their mean; and several gold translations, any of which counts.
CSLS (Conneau et al. 2018, "Word translation without parallel data") takes from twice the cosine the mean cosine of
either word to its nearest neighbours on the other side, so that hubs win less often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fairseq_alignmlm.evaluation.nearest import check_finite, unit_rows

NEIGHBOURS = 10
Pieces = tuple[int, ...]


@dataclass(frozen=True)
class RetrievalScores:
    """Percentages of source words, 0 to 100, with a gold translation among the nearest 1 or 5 candidates."""

    words: int
    candidates: int
    cosine_at_1: float
    cosine_at_5: float
    csls_at_1: float
    csls_at_5: float


def mean_vectors(embeddings: Tensor, words: Sequence[Pieces]) -> Tensor:
    """Return the mean piece embedding of every word, of shape (N, H).

    Args:
        embeddings: of shape (V, H).
        words: N words, each with the rows of one or more pieces.
    """
    lengths = torch.tensor([len(word) for word in words], device=embeddings.device)
    rows = torch.tensor([row for word in words for row in word], device=embeddings.device)
    return F.embedding_bag(rows, embeddings, lengths.cumsum(0) - lengths, mode="mean")


def _mean_of_nearest(vectors: Tensor, others: Tensor, neighbours: int, block: int) -> Tensor:
    """Return for each unit vector the mean cosine of its nearest ``others``, of shape (N,)."""
    neighbours = min(neighbours, len(others))
    return torch.cat([(part @ others.T).topk(neighbours).values.mean(dim=1) for part in vectors.split(block)])


def _ranks(scores: Tensor, gold: Tensor) -> Tensor:
    """Return how many candidates come before the best gold one of each row; ties go to the lowest index.

    Args:
        scores: of shape (B, M).
        gold: booleans of shape (B, M), at least one in a row.
    """
    best, column = scores.masked_fill(~gold, -torch.inf).max(dim=1, keepdim=True)
    position = torch.arange(scores.size(1), device=scores.device)
    return ((scores > best) | ((scores == best) & (position < column))).sum(dim=1)


@torch.no_grad()
def translation_retrieval(
    embeddings: Tensor,
    translations: Mapping[Pieces, Sequence[Pieces]],
    candidates: Sequence[Pieces],
    neighbours: int = NEIGHBOURS,
    block: int = 1024,
) -> RetrievalScores:
    """Retrieve the translations of every source word among all candidates.

    Args:
        embeddings: input word embeddings, of shape (V, H).
        translations: the gold translations of each source word, one or more.
        candidates: words of the second language to choose from; gold translations are added where missing.
        neighbours: how many neighbours CSLS averages over.
        block: source words at a time.

    Raises:
        ValueError: when there is no source word, or one without translations.
        FloatingPointError: when the vector of a word holds NaN or infinity.
    """
    if not translations or not all(translations.values()):
        raise ValueError("every one of at least one source word needs a translation")
    words = list(translations)
    pool = list(dict.fromkeys([*candidates, *(word for gold in translations.values() for word in gold)]))
    place = {word: column for column, word in enumerate(pool)}
    means = [mean_vectors(embeddings.float(), side) for side in (words, pool)]
    for side, what in zip(means, ("source words", "candidates"), strict=True):
        check_finite(side, what)
    source, target = (unit_rows(side, torch.float32) for side in means)
    source_density = _mean_of_nearest(source, target, neighbours, block)
    target_density = _mean_of_nearest(target, source, neighbours, block)
    by_cosine, by_csls = [], []
    for start in range(0, len(words), block):
        part = words[start : start + block]
        gold = torch.zeros(len(part), len(pool), dtype=torch.bool, device=source.device)
        for row, word in enumerate(part):
            gold[row, [place[translation] for translation in translations[word]]] = True
        cosine = source[start : start + block] @ target.T
        by_cosine.append(_ranks(cosine, gold))
        csls = 2 * cosine - source_density[start : start + block, None] - target_density
        by_csls.append(_ranks(csls, gold))

    def percent(ranks: list[Tensor], within: int) -> float:
        return 100.0 * (torch.cat(ranks) < within).double().mean().item()

    at = [percent(ranks, within) for ranks in (by_cosine, by_csls) for within in (1, 5)]
    return RetrievalScores(len(words), len(pool), *at)
