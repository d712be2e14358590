"""Cheap dropout: the right rate, the same masks in both passes, torch's own numbers for small tensors."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fairseq_alignmlm.models.dropout import KeepMasks, dropout

LARGE = (1024, 1025)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rate_scale_and_gradient(dtype):
    torch.manual_seed(0)
    values = torch.ones(LARGE, dtype=dtype, requires_grad=True)
    dropped = dropout(values, 0.1, True)
    kept = dropped.ne(0)
    count = kept.numel()
    assert abs(kept.sum().item() - 0.9 * count) < 5 * (count * 0.09) ** 0.5
    assert dropped[kept].float().sub(1 / 0.9).abs().max() < (1e-6 if dtype == torch.float32 else 5e-3)
    dropped.sum().backward()
    assert values.grad.ne(0).equal(kept)  # the backward pass draws the masks of the forward pass


def test_masks_are_independent_between_neighbours_and_calls():
    masks = KeepMasks(0.5, 3)
    first, second = (masks.next(1000, 1001).float() - 0.5 for _ in range(2))
    for one, other in ((first[:, 1:], first[:, :-1]), (first[1:], first[:-1]), (first, second)):
        assert abs((one * other).mean().item()) < 5 * 0.25 / 1000


def test_small_tensors_and_evaluation_are_torchs():
    values = torch.rand(100, 100)
    torch.manual_seed(1)
    expected = F.dropout(values, 0.3, True)
    torch.manual_seed(1)
    assert dropout(values, 0.3, True).equal(expected)
    large = torch.rand(LARGE)
    assert dropout(large, 0.3, False) is large or dropout(large, 0.3, False).equal(large)
    assert dropout(large, 1.0, True).abs().sum() == 0
    assert dropout(large, 0.0, True).equal(large)


def test_no_number_of_elements_is_too_odd():
    assert KeepMasks(0.1, 1).next(3, 7, 1).shape == (3, 7, 1)
