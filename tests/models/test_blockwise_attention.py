"""Attention in blocks against torch's, and its dropout against the definition."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fairseq_alignmlm.models import blockwise_attention
from fairseq_alignmlm.models.attention import SelfAttention
from fairseq_alignmlm.models.blockwise_attention import BlockwiseAttention, suits_blocks


def projections(batch, length, heads=2, width=4):
    return torch.randn(batch, length, 3, heads, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def reference(projected, mask):
    query, key, value = (projected[:, :, i].transpose(1, 2) for i in range(3))
    attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return attended.transpose(1, 2).flatten(2)


@pytest.mark.parametrize("with_padding", [False, True])
@pytest.mark.parametrize("block", [1, 200, 10**6])  # one sequence, some, all at a time
def test_output_and_gradient_are_those_of_torch(monkeypatch, with_padding, block):
    monkeypatch.setattr(blockwise_attention, "_BLOCK", block)
    ours, theirs = (projections(5, 6).requires_grad_() for _ in range(2))
    mask = (torch.arange(6) < torch.tensor([6, 3, 1, 5, 6])[:, None])[:, None, None] if with_padding else None
    output, expected = BlockwiseAttention.apply(ours, mask, 0.0), reference(theirs, mask)
    torch.testing.assert_close(output, expected)
    gradient = torch.randn_like(output)
    output.backward(gradient)
    expected.backward(gradient)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_gradient_with_dropout_is_that_of_finite_differences():
    def attend(projected):
        torch.manual_seed(5)
        return BlockwiseAttention.apply(projected, None, 0.3)

    assert torch.autograd.gradcheck(attend, projections(2, 5).requires_grad_())


def test_dropout_leaves_the_expectation_and_has_the_variance_of_independent_masks():
    torch.manual_seed(0)
    projected, dropout = projections(1, 8), 0.25
    found = torch.stack([BlockwiseAttention.apply(projected, None, dropout) for _ in range(4000)])
    expected = reference(projected, None)
    query, key, value = (projected[0, :, i].transpose(0, 1) for i in range(3))
    probability = torch.softmax(query @ key.transpose(1, 2) / 2.0, -1)
    variance = (dropout / (1 - dropout) * probability**2 @ value**2).transpose(0, 1).flatten(1)
    error = (found.mean(0) - expected)[0].abs() / (variance / 4000).sqrt()
    assert error.max() < 5
    torch.testing.assert_close(found.var(0)[0], variance, rtol=0.2, atol=1e-4)


def test_masks_follow_torchs_seed():
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(BlockwiseAttention.apply(projections(2, 6), None, 0.5))
    assert outputs[0].equal(outputs[1])
    assert not outputs[0].equal(outputs[2])


def test_the_layer_gives_the_same_by_both_ways(monkeypatch):
    torch.manual_seed(1)
    layer, batch = SelfAttention(64, 4, 0.0), torch.randn(4, 256, 64)
    assert suits_blocks(4, 4, 256, batch.device)
    assert not suits_blocks(64, 2, 32, batch.device)  # small batches stay with torch
    fast = layer(batch, None)
    monkeypatch.setattr("fairseq_alignmlm.models.attention.suits_blocks", lambda *_: False)
    torch.testing.assert_close(fast, layer(batch, None), rtol=1e-5, atol=1e-6)
