"""Word translation retrieval against a slow reference that sorts every candidate list."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from fairseq_alignmlm.evaluation.retrieval import mean_vectors, translation_retrieval


def reference(embeddings: np.ndarray, gold: dict, pool: list, neighbours: int) -> list[float]:
    """Score all pairs, sort, look for a gold translation among the first."""

    def unit(word: tuple[int, ...]) -> np.ndarray:
        mean = np.mean([embeddings[piece] for piece in word], axis=0)
        return mean / np.linalg.norm(mean)

    cosine = np.array([[unit(word) @ unit(other) for other in pool] for word in gold])
    near_source = np.sort(cosine, axis=1)[:, -neighbours:].mean(axis=1, keepdims=True)
    near_target = np.sort(cosine, axis=0)[-neighbours:].mean(axis=0, keepdims=True)
    found = []
    for scores in (cosine, 2 * cosine - near_source - near_target):
        for k in (1, 5):
            best = [{pool[j] for j in np.argsort(-row, kind="stable")[:k]} for row in scores]
            found.append(
                100 * np.mean([bool(top & set(words)) for top, words in zip(best, gold.values(), strict=True)])
            )
    return found


@pytest.mark.parametrize("block", [3, 1024])
def test_precision_equals_the_reference_for_pieces_and_several_translations(block: int) -> None:
    generator = torch.Generator().manual_seed(5)
    embeddings = torch.randn(120, 12, generator=generator)
    embeddings[60:] = embeddings[:60] + 0.9 * torch.randn(60, 12, generator=generator)
    gold = {(i,): [(60 + i,)] for i in range(20)}
    gold |= {(i, i + 1): [(60 + i, 61 + i), (60 + i,)] for i in range(20, 40)}
    candidates = [(60 + i,) for i in range(60)]
    pool = list(dict.fromkeys([*candidates, *(word for words in gold.values() for word in words)]))
    ours = translation_retrieval(embeddings, gold, candidates, neighbours=4, block=block)
    assert (ours.words, ours.candidates) == (40, 80)
    found = [ours.cosine_at_1, ours.cosine_at_5, ours.csls_at_1, ours.csls_at_5]
    assert found == pytest.approx(reference(embeddings.double().numpy(), gold, pool, 4))
    assert 0 < ours.cosine_at_1 < ours.cosine_at_5 <= 100


def test_csls_dethrones_a_hub() -> None:
    def at(*angles: float) -> torch.Tensor:
        return torch.tensor([[math.cos(angle), math.sin(angle)] for angle in angles])

    # two words on either side of a hub; each translation lies further out than the hub
    embeddings = at(0.25, -0.25, 0.0, 0.6, -0.6)
    gold = {(0,): [(3,)], (1,): [(4,)]}
    scores = translation_retrieval(embeddings, gold, [(2,), (3,), (4,)], neighbours=2)
    assert (scores.cosine_at_1, scores.csls_at_1) == (0.0, 100.0)


def test_mean_vector_of_pieces() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 3.0], [5.0, 5.0]])
    assert mean_vectors(embeddings, [(0, 1), (2,)]).tolist() == [[0.5, 1.5], [5.0, 5.0]]


@pytest.mark.parametrize("gold", [{}, {(0,): []}])
def test_nothing_to_retrieve_is_an_error(gold: dict) -> None:
    with pytest.raises(ValueError, match="translation"):
        translation_retrieval(torch.eye(3), gold, [(1,)])
