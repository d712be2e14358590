"""Norms of the gradients of two losses and their cosine, for each part of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from fairseq import metrics
from torch import Tensor, nn

from fairseq_alignmlm.models.freezing import layer_of

EMBEDDINGS, LOWER, UPPER, HEAD = "embeddings", "lower", "upper", "head"
START = "gradient_"


def parameter_groups(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Return the trainable parameters of the embeddings, the lower and upper half of the layers, and the heads."""
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    layers = 1 + max((layer_of(name) for name, _ in named), default=-1)
    groups: dict[str, list[nn.Parameter]] = {EMBEDDINGS: [], LOWER: [], UPPER: [], HEAD: []}
    for name, parameter in named:
        layer = layer_of(name)
        if layer >= 0:
            groups[LOWER if layer < layers // 2 else UPPER].append(parameter)
        elif name.startswith("classification_heads."):
            groups[HEAD].append(parameter)
        elif name.startswith("encoder.sentence_encoder."):
            groups[EMBEDDINGS].append(parameter)
    return {name: found for name, found in groups.items() if found}


def compare_gradients(
    task: Tensor, realignment: Tensor, groups: Mapping[str, Sequence[nn.Parameter]]
) -> dict[str, Tensor]:
    """Return the norms of two gradients and their cosine for every group, float32.

    Args:
        task: a loss, whose graph is kept.
        realignment: another, likewise.
        groups: of parameters.

    Returns:
        ``gradient_<group>_task``, ``gradient_<group>_realignment`` and ``gradient_<group>_cosine``, 0 where one of them
        is 0; ``gradient_count``, 1.
    """
    parameters = [parameter for group in groups.values() for parameter in group]
    both = [torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True) for loss in (task, realignment)]
    zero = torch.zeros((), device=task.device)
    products = iter([torch.stack(_products(one, other, zero)) for one, other in zip(*both, strict=True)])
    found: dict[str, Tensor] = {}
    for name, group in groups.items():
        sums = torch.stack([next(products) for _ in group]).sum(0)
        one, other = sums[0].sqrt(), sums[1].sqrt()
        found[f"{START}{name}_task"], found[f"{START}{name}_realignment"] = one, other
        length = one * other
        found[f"{START}{name}_cosine"] = torch.where(length > 0, sums[2] / length.clamp(min=1e-30), length)
    found[f"{START}count"] = zero + 1
    return found


def log_gradients(logging_outputs: Sequence[Mapping[str, Any]]) -> None:
    """Log the means of what `compare_gradients` returned, where it was called."""
    count = sum(log.get(f"{START}count", 0) for log in logging_outputs)
    for key in sorted({key for log in logging_outputs for key in log if key.startswith(START)} - {f"{START}count"}):
        metrics.log_scalar(key, sum(log.get(key, 0) for log in logging_outputs) / count, count, round=6)


def _products(first: Tensor | None, second: Tensor | None, zero: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the squared norms of two gradients and their inner product; None is 0."""
    own, other = (zero if each is None else each.float().square().sum() for each in (first, second))
    return own, other, zero if first is None or second is None else (first.float() * second.float()).sum()
