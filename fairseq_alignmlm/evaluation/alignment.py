"""The alignment score: how often a word's counterpart is its nearest neighbour (section 5, Table 8)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairseq_alignmlm.evaluation.nearest import nearest_neighbours


@dataclass(frozen=True)
class AlignmentScores:
    """Percentages, 0 to 100; None where there is nothing to average over.

    Attributes:
        frequency: over every L1 token with a counterpart, each weighted by its corpus frequency: how much of the text
            is aligned. Tokens that never occur weigh nothing.
        held_out_frequency: likewise over the tokens that the training dictionary lacks.
        all: over every L1 token with a counterpart, one like the other: the paper's number.
        dictionary: over tokens in the training dictionary, one like the other.
        held_out: over the other tokens, one like the other.
    """

    frequency: float | None
    held_out_frequency: float | None
    all: float | None
    dictionary: float | None
    held_out: float | None


@torch.no_grad()
def alignment_hits(
    embeddings: Tensor,
    source_index: Tensor,
    target_index: Tensor,
    language_vectors: tuple[Tensor, Tensor] | None = None,
    block: int | None = None,
) -> Tensor:
    """Say for every L1 token whether its counterpart is its cosine nearest neighbour in all of V2.

    V2 is the set of distinct ``target_index``; among equally near candidates the lowest index wins.

    Args:
        embeddings: the input word embeddings, of shape (V, H).
        source_index: rows of the L1 tokens, of shape (N,), int64.
        target_index: rows of their counterparts, of shape (N,), int64.
        language_vectors: the language embeddings of L1 and L2, each of shape (H,), added to the two
            sides first where the model has language IDs.
        block: L1 tokens at a time; memory is block x V2 float32 similarities.

    Returns:
        Booleans of shape (N,).

    Raises:
        ValueError: when the two index tensors differ in length.
        FloatingPointError: when an embedding holds NaN or infinity.
    """
    if source_index.shape != target_index.shape or source_index.dim() != 1:
        raise ValueError(f"{tuple(source_index.shape)} tokens but {tuple(target_index.shape)} counterparts")
    if len(source_index) == 0:
        return torch.zeros(0, dtype=torch.bool, device=embeddings.device)
    source_index, target_index = source_index.to(embeddings.device), target_index.to(embeddings.device)
    candidates = target_index.unique(sorted=True)
    source, target = embeddings[source_index], embeddings[candidates]
    if language_vectors is not None:
        source, target = source + language_vectors[0], target + language_vectors[1]
    return candidates[nearest_neighbours(source, target, block)] == target_index


def _percent(hits: Tensor, weights: Tensor) -> float | None:
    total = weights.sum().item()
    return 100.0 * (hits * weights).sum().item() / total if total > 0 else None


def summarise_hits(hits: Tensor, in_dictionary: Tensor | None, frequency: Tensor | None) -> AlignmentScores:
    """Average hits over all tokens, dictionary tokens and held-out tokens.

    Args:
        hits: booleans of shape (N,).
        in_dictionary: booleans of shape (N,), or None without a dictionary.
        frequency: corpus counts of shape (N,), >= 0, or None where they are not known.
    """
    weight = torch.ones_like(hits, dtype=torch.float64)
    everything = _percent(hits, weight)
    counts = None if frequency is None else frequency.to(hits.device).double()
    by_frequency = None if counts is None else _percent(hits, counts)
    if in_dictionary is None:
        return AlignmentScores(by_frequency, None, everything, None, None)
    known = in_dictionary.to(hits.device).double()
    held_out = None if counts is None else _percent(hits, (1 - known) * counts)
    return AlignmentScores(by_frequency, held_out, everything, _percent(hits, known), _percent(hits, 1 - known))


def hits_by_frequency(hits: Tensor, frequency: Tensor, bins: int) -> list[dict[str, float]]:
    """Average hits over bins of equal size, from the most to the least frequent tokens.

    Args:
        hits: booleans of shape (N,).
        frequency: corpus counts of shape (N,).
        bins: how many bins; fewer where there are fewer tokens.

    Returns:
        For each bin the numbers of its first and last token in order of frequency (from 1), its lowest
        count, and its alignment in percent.
    """
    order = frequency.argsort(descending=True, stable=True).cpu()
    found, first = [], 1
    for part in order.tensor_split(min(bins, len(order)) or 1):
        if len(part):
            last = first + len(part) - 1
            score = 100.0 * hits.cpu()[part].double().mean().item()
            count = frequency.cpu()[part[-1]].item()
            found.append({"first": first, "last": last, "lowest_count": count, "alignment": score})
            first = last + 1
    return found


def alignment_scores(
    embeddings: Tensor,
    source_index: Tensor,
    target_index: Tensor,
    in_dictionary: Tensor | None = None,
    frequency: Tensor | None = None,
    language_vectors: tuple[Tensor, Tensor] | None = None,
    block: int | None = None,
) -> AlignmentScores:
    """Measure the alignment scores of an embedding matrix (section 5, Table 8).

    Args:
        embeddings: the input word embeddings, of shape (V, H).
        source_index: rows of the non-special L1 tokens, of shape (N,), int64.
        target_index: rows of their counterparts, of shape (N,), int64.
        in_dictionary: which tokens the training dictionary holds, booleans of shape (N,).
        frequency: corpus counts of the L1 tokens, of shape (N,).
        language_vectors: language embeddings of L1 and L2, each of shape (H,).
        block: L1 tokens at a time.

    Raises:
        ValueError: when the index tensors differ in length.
        FloatingPointError: when an embedding holds NaN or infinity.
    """
    hits = alignment_hits(embeddings, source_index, target_index, language_vectors, block)
    return summarise_hits(hits, in_dictionary, frequency)
