"""The alignment score against a brute-force reference, ties, zero vectors, language vectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairseq_alignmlm.evaluation.alignment import alignment_hits, alignment_scores
from fairseq_alignmlm.evaluation.nearest import nearest_neighbours


def brute_force(source: torch.Tensor, target: torch.Tensor) -> list[int]:
    """Ten lines of numpy: the full matrix in float64, the first of the largest cosines."""
    a, b = source.double().numpy(), target.double().numpy()
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    cosine = np.divide(a @ b.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return [int(np.flatnonzero(row >= row.max() - 1e-12)[0]) for row in cosine]


@pytest.mark.parametrize("block", [1, 7, 64, None])
@pytest.mark.parametrize("shape", [(50, 33, 8), (130, 257, 64), (3, 1, 5)])
def test_neighbours_equal_brute_force_for_any_block(shape: tuple[int, int, int], block: int | None) -> None:
    n, m, h = shape
    generator = torch.Generator().manual_seed(n)
    source, target = torch.randn(n, h, generator=generator), torch.randn(m, h, generator=generator)
    assert nearest_neighbours(source, target, block).tolist() == brute_force(source, target)


@pytest.mark.parametrize("copies", [2, 7])
def test_ties_go_to_the_lowest_index(copies: int) -> None:
    generator = torch.Generator().manual_seed(1)
    distinct = torch.randn(37, 16, generator=generator)
    scale = 2.0 ** torch.arange(copies).view(-1, 1, 1)  # other lengths, exactly the same cosines
    target = (distinct * scale).reshape(-1, 16)
    source = torch.randn(90, 16, generator=generator)
    found = nearest_neighbours(source, target, 11)
    assert found.tolist() == brute_force(source, target)
    assert int(found.max()) < 37


def test_difference_below_float32_is_still_seen() -> None:
    target = torch.tensor([[1.0, 1e-4], [1.0, 0.0]]).double()
    assert nearest_neighbours(torch.tensor([[1.0, 2e-5]]).double(), target).tolist() == [1]
    assert nearest_neighbours(torch.tensor([[1.0, 8e-5]]).double(), target).tolist() == [0]


def test_collapsed_embeddings_all_choose_the_first() -> None:
    same = torch.ones(70, 12) * torch.arange(1, 71)[:, None]
    assert nearest_neighbours(same, same).tolist() == [0] * 70


def test_zero_vectors_have_cosine_zero() -> None:
    target = torch.tensor([[-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert nearest_neighbours(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), target).tolist() == [1, 0]


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_length_does_not_matter_however_small_or_large(scale: float) -> None:
    source = torch.randn(20, 6, generator=torch.Generator().manual_seed(3))
    assert nearest_neighbours(source * scale, source).tolist() == list(range(20))


def test_half_precision_input_is_compared_in_full_precision() -> None:
    half = torch.randn(60, 24, generator=torch.Generator().manual_seed(4)).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert nearest_neighbours(half, half.flip(0)).tolist() == list(range(59, -1, -1))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_diverged_embeddings_are_an_error_not_a_score(bad: float) -> None:
    source = torch.randn(4, 3)
    source[2, 1] = bad
    with pytest.raises(FloatingPointError, match="NaN or infinity"):
        nearest_neighbours(source, source)


def test_scores_of_a_known_matrix() -> None:
    axes = torch.eye(4)
    # L1 rows 0..3; counterparts 4..7: tokens 0 and 1 aligned, 2 and 3 swapped
    embeddings = torch.cat([axes, axes[[0, 1, 3, 2]]])
    source, target = torch.arange(4), torch.arange(4, 8)
    known = torch.tensor([True, False, False, True])
    scores = alignment_scores(embeddings, source, target, known, torch.tensor([5, 30, 10, 7]))
    assert (scores.all, scores.dictionary, scores.held_out) == (50.0, 50.0, 50.0)
    assert scores.held_out_frequency == pytest.approx(75.0)
    assert scores.frequency == pytest.approx(100 * 35 / 52)


def test_scores_without_anything_to_average_are_none() -> None:
    embeddings, index = torch.eye(3), torch.arange(3)
    scores = alignment_scores(embeddings, index, index, torch.ones(3, dtype=torch.bool), torch.ones(3))
    assert (scores.all, scores.dictionary, scores.held_out, scores.held_out_frequency) == (
        100,
        100,
        None,
        None,
    )
    assert alignment_scores(embeddings, index, index).held_out is None
    assert alignment_scores(embeddings, index[:0], index[:0]).all is None


def test_candidates_are_the_vocabulary_of_the_second_language_only() -> None:
    # row 0 is nearest to row 1, its neighbour in L1, which must not count
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.01], [1.0, 0.5], [0.0, 1.0]])
    hits = alignment_hits(embeddings, torch.tensor([0, 1]), torch.tensor([2, 3]))
    assert hits.tolist() == [True, False]


def test_order_of_tokens_does_not_change_the_winner_of_a_tie() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    hits = alignment_hits(embeddings, torch.tensor([0, 1]), torch.tensor([3, 2]))
    assert hits.tolist() == [False, True]  # row 2 wins for both


def test_language_vectors_are_added_before_comparing() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    source, target = torch.tensor([0, 1]), torch.tensor([2, 3])
    assert alignment_scores(embeddings, source, target).all == 0.0
    # the second language sits one step to the right; its vector takes that step back
    moved = torch.tensor([[1.0, 0.2], [-1.0, 0.2], [5.0, 0.2], [3.0, 0.2]])
    step = (torch.zeros(2), torch.tensor([-4.0, 0.0]))
    assert alignment_scores(moved, source, target).all == 50.0
    assert alignment_scores(moved, source, target, language_vectors=step).all == 100.0
