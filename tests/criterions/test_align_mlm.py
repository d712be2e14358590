"""L_ALIGN and its gradient against ten lines of numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairseq_alignmlm.criterions.align_mlm import alignment_loss, mean_vectors


def reference_loss_and_gradient(embeddings, source, target, weight):
    """Section 3 written out: one entry at a time, lists of pieces, no batching."""
    gradient, loss = np.zeros_like(embeddings), 0.0
    for left, right, w in zip(source, target, weight / weight.sum(), strict=True):
        a, b = embeddings[left].mean(0), embeddings[right].mean(0)
        na, nb = np.linalg.norm(a), np.linalg.norm(b)
        cosine = a @ b / (na * nb)
        loss -= w * cosine
        np.add.at(gradient, left, -w * (b / (na * nb) - cosine * a / na**2) / len(left))
        np.add.at(gradient, right, -w * (a / (na * nb) - cosine * b / nb**2) / len(right))
    return loss, gradient


def padded(lists):
    width = max(map(len, lists))
    return torch.tensor([entry + [-1] * (width - len(entry)) for entry in lists])


ENTRIES = {
    "single pieces": ([[4], [5], [6]], [[10], [11], [12]], np.ones(3)),
    "a word on both sides of two entries": ([[4], [4]], [[10], [11]], np.array([0.5, 0.5])),
    "several pieces": ([[4, 5], [6], [7, 8, 9]], [[10], [11, 12], [13, 14]], np.array([1.0, 1.0, 1.0])),
    "shared weights": ([[4], [4], [6]], [[10], [11, 12], [13]], np.array([0.5, 0.5, 1.0])),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_alignment_loss_and_gradient_equal_a_numpy_reference(name):
    source, target, weight = ENTRIES[name]
    embeddings = torch.randn(16, 8, dtype=torch.float64, generator=torch.manual_seed(3)).float().requires_grad_()
    loss = alignment_loss(embeddings, padded(source), padded(target), torch.tensor(weight).float())
    loss.backward()
    expected, gradient = reference_loss_and_gradient(embeddings.detach().double().numpy(), source, target, weight)
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(embeddings.grad.numpy(), gradient, atol=1e-6)


def test_identical_sides_give_minus_one_and_opposite_sides_one():
    embeddings = torch.tensor([[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]])
    one = torch.ones(1)
    assert alignment_loss(embeddings, torch.tensor([[0]]), torch.tensor([[1]]), one).item() == pytest.approx(-1)
    assert alignment_loss(embeddings, torch.tensor([[0]]), torch.tensor([[2]]), one).item() == pytest.approx(1)


def test_padding_of_an_entry_does_not_touch_the_mean_or_the_last_row():
    embeddings = torch.arange(8.0).view(4, 2).requires_grad_()
    mean = mean_vectors(embeddings, torch.tensor([[1, -1], [1, 2]]))
    assert mean.tolist() == [[2.0, 3.0], [3.0, 4.0]]
    mean.sum().backward()
    assert embeddings.grad[3].tolist() == [0.0, 0.0]
    assert embeddings.grad[0].tolist() == [0.0, 0.0]
