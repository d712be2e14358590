"""Word links from the states of pieces by two softmaxes (Dou and Neubig 2021, section 2.2: AWESOME-align)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fairseq_alignmlm.measure.model import MeasuredModel
from fairseq_alignmlm.measure.word_alignment import Link


def softmax_links(
    source: Tensor, target: Tensor, source_word: Sequence[int], target_word: Sequence[int], threshold: float
) -> list[Link]:
    """Link words that have a piece each with probability above a threshold in both directions.

    The probability of target piece j for source piece i is the softmax of their inner products over all j, and the
    other way round over all i.

    Args:
        source: states of the pieces of a sentence, ``(N, H)``.
        target: those of its translation, ``(M, H)``.
        source_word: the word of every piece.
        target_word: likewise.
        threshold: 1e-3 in the published code.
    """
    if not len(source) or not len(target):
        return []
    products = source.float() @ target.float().T
    linked = (products.softmax(1) > threshold) & (products.softmax(0) > threshold)
    return sorted({(source_word[i], target_word[j]) for i, j in linked.nonzero().tolist()})


def align_sentences(
    model: MeasuredModel,
    languages: tuple[str, str],
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]],
    layer: int,
    threshold: float,
) -> list[list[Link]]:
    """Return the links of sentence pairs; words beyond the model's positions have none.

    Args:
        model: the model.
        languages: of the two sides.
        pairs: their words.
        layer: whose states are compared, 0 for the embeddings.
        threshold: see `softmax_links`.

    Raises:
        FloatingPointError: when a state holds NaN or infinity.
    """
    sides: list[list[tuple[Tensor, list[int]]]] = []
    for side, language in enumerate(languages):
        cut = [model.encode_words(list(pair[side]), language) if pair[side] else [] for pair in pairs]
        states: list[Tensor] = [torch.empty(0)] * len(pairs)
        rows = [[row for word in sentence for row in word] for sentence in cut]
        there = [number for number, row in enumerate(rows) if row]
        for index, found in model.states([rows[number] for number in there], language, f"words of {language}"):
            states[there[index]] = found[layer, 1:-1]
        words = [[number for number, word in enumerate(sentence) for _ in word] for sentence in cut]
        sides.append(list(zip(states, words, strict=True)))
    return [
        softmax_links(first[0], second[0], first[1], second[1], threshold) for first, second in zip(*sides, strict=True)
    ]
