"""The loss that never has all logits, against torch's cross-entropy."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fairseq_alignmlm.models import prediction_loss
from fairseq_alignmlm.models.prediction_loss import PredictionLoss


def inputs(positions=10, dtype=torch.float64):
    random = torch.Generator().manual_seed(2)
    hidden = torch.randn(positions, 8, dtype=dtype, generator=random).requires_grad_()
    weight = torch.randn(30, 8, dtype=dtype, generator=random).requires_grad_()
    bias = torch.randn(30, dtype=dtype, generator=random).requires_grad_()
    return hidden, weight, bias, torch.randint(30, (positions,), generator=random)


@pytest.mark.parametrize("block", [1, 4, None])
@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_loss_and_gradients_are_those_of_cross_entropy(monkeypatch, block, factor):
    monkeypatch.setattr(prediction_loss, "_CACHED", 70)  # two positions at a time within a block
    ours, theirs = inputs(), inputs()
    loss, losses = PredictionLoss.apply(*ours, block)
    hidden, weight, bias, target = theirs
    expected = F.cross_entropy(hidden @ weight.t() + bias, target, reduction="none")
    torch.testing.assert_close(losses, expected.detach().float())
    torch.testing.assert_close(loss, expected.sum().float())
    (factor * loss).backward()
    (factor * expected.sum()).backward()
    for mine, right in zip(ours[:3], theirs[:3], strict=True):
        torch.testing.assert_close(mine.grad, right.grad, rtol=1e-5, atol=1e-6)


def test_nothing_selected_is_a_loss_of_zero_with_gradients_of_zero():
    hidden, weight, bias, target = inputs(positions=0)
    loss, losses = PredictionLoss.apply(hidden, weight, bias, target)
    loss.backward()
    assert loss.item() == 0 and len(losses) == 0
    assert weight.grad.abs().sum() == 0 and bias.grad.abs().sum() == 0


def test_autocast_multiplies_in_bfloat16_and_keeps_losses_and_weight_gradients_in_float32():
    ours, theirs = inputs(400, torch.float32), inputs(400, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        loss, losses = PredictionLoss.apply(*ours, 100)
    loss.backward()
    exact, _ = PredictionLoss.apply(*theirs)
    exact.backward()
    assert losses.dtype == ours[1].grad.dtype == torch.float32
    assert not torch.equal(loss, exact)
    torch.testing.assert_close(loss, exact, rtol=2e-3, atol=0)
    for mine, right in zip(ours[:3], theirs[:3], strict=True):
        assert (mine.grad - right.grad).norm() < 0.02 * right.grad.norm()


@pytest.mark.parametrize("probability", [0.5, 0.98, 0.9986])
def test_the_gradient_of_a_sure_prediction_is_as_exact_in_bfloat16_as_that_of_torch(probability):
    """The right token's logit stands out so far that it gets the probability."""

    def relative_error(gradients):
        random = torch.Generator().manual_seed(2)
        hidden = torch.randn(64, 32, dtype=torch.float64, generator=random).to(torch.bfloat16).double()
        weight = (0.02 * torch.randn(200, 32, dtype=torch.float64, generator=random)).to(torch.bfloat16).double()
        target = torch.full((64,), 7)
        bias = torch.zeros(200, dtype=torch.float64)
        bias[7] = torch.logit(torch.tensor(probability, dtype=torch.float64)) + torch.tensor(199.0).log()
        exact = gradients(hidden, weight, bias, target, torch.float64)
        found = gradients(hidden, weight, bias, target, torch.bfloat16)
        return float((found - exact).norm() / exact.norm())

    def ours(hidden, weight, bias, target, dtype):
        rows = hidden.clone().to(dtype).detach().requires_grad_()
        PredictionLoss.apply(rows, weight.to(dtype), bias.to(dtype), target)[0].backward()
        return rows.grad.double()

    def torchs(hidden, weight, bias, target, dtype):
        rows = hidden.clone().to(dtype).detach().requires_grad_()
        logits = F.linear(rows, weight.to(dtype), bias.to(dtype))
        F.cross_entropy(logits if dtype == torch.float64 else logits.float(), target, reduction="sum").backward()
        return rows.grad.double()

    assert relative_error(ours) < 1.2 * relative_error(torchs) + 1e-3


@pytest.mark.parametrize("positions", [0, 10])
@pytest.mark.parametrize("autocast", [False, True])
def test_a_padded_vocabulary_changes_nothing_but_the_shape_of_the_products(monkeypatch, positions, autocast):
    found, shapes = [], []
    aligned = prediction_loss._aligned

    def padded(weight, bias, dtype, multiple):
        parts = aligned(weight, bias, dtype, 64)
        shapes.append(len(parts[0]))
        return parts

    for function in (aligned, padded):
        monkeypatch.setattr(prediction_loss, "_aligned", function)
        ours = inputs(positions, torch.float32)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss, losses = PredictionLoss.apply(*ours, 4)
        loss.backward()
        found.append([loss, losses, *(part.grad for part in ours[:3])])
    assert shapes == [64]  # of 30 symbols
    for plain, wide in zip(*found, strict=True):
        assert plain.shape == wide.shape
        torch.testing.assert_close(wide, plain, rtol=1e-5, atol=1e-6)
