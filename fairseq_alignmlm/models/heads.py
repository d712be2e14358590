"""Output layers: masked language modelling, sentence classification, token tagging."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fairseq_alignmlm.models.activation import activation_function
from fairseq_alignmlm.models.prediction_loss import PredictionLoss


class MaskedLMHead(nn.Module):
    """Predict words: dense, GELU, layer norm, product with the tied word embeddings, bias."""

    def __init__(
        self, embed_dim: int, vocabulary_size: int, activation_fn: str, weight: Tensor, layer_norm_eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.dense = nn.Linear(embed_dim, embed_dim)
        self.activation_fn = activation_function(activation_fn)
        self.layer_norm = nn.LayerNorm(embed_dim, layer_norm_eps)
        self.weight = weight
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, features: Tensor, masked_tokens: Tensor | None = None) -> Tensor:
        """Return logits ``(N, V)`` of the selected positions, or ``(B, T, V)`` of all.

        Args:
            features: ``(B, T, H)``.
            masked_tokens: the N positions to predict, bool ``(B, T)`` or flat indices ``(N,)``; None projects every
                position.
        """
        return F.linear(self._hidden(features, masked_tokens), self.weight, self.bias)

    def loss(self, features: Tensor, masked_tokens: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy of the selected positions, summed and each ``(N,)``, without all of their logits.

        Args:
            features: ``(B, T, H)``.
            masked_tokens: the N positions, as for `forward`.
            target: the right tokens ``(B, T)``.
        """
        inputs: tuple[Tensor, ...] = self._hidden(features, masked_tokens), self.weight, self.bias
        if not torch.is_grad_enabled():  # what an autograd function is not told
            inputs = tuple(part.detach() for part in inputs)
        return PredictionLoss.apply(*inputs, select(target, masked_tokens))

    def _hidden(self, features: Tensor, masked_tokens: Tensor | None) -> Tensor:
        if masked_tokens is not None:
            features = select(features, masked_tokens)
        return self.layer_norm(self.activation_fn(self.dense(features)))


def select(values: Tensor, chosen: Tensor) -> Tensor:
    """Select positions of ``(B, T, ...)`` by a bool ``(B, T)`` or by flat indices ``(N,)``: ``(N, ...)``.

    Flat indices spare an accelerator the wait for their number.
    """
    return values[chosen] if chosen.dtype == torch.bool else values.flatten(0, 1)[chosen]


class SentenceHead(nn.Module):
    """Classify a sequence from its first token: dropout, dense, tanh, dropout, linear (as stock RoBERTa)."""

    def __init__(self, embed_dim: int, classes: int, inner_dim: int, activation_fn: str, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(embed_dim, inner_dim)
        self.activation_fn = activation_function(activation_fn)
        self.dropout = dropout
        self.out_proj = nn.Linear(inner_dim, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(B, T, H)`` to logits ``(B, classes)``."""
        first = F.dropout(features[:, 0], self.dropout, self.training)
        inner = F.dropout(self.activation_fn(self.dense(first)), self.dropout, self.training)
        return self.out_proj(inner)


class TokenHead(nn.Module):
    """Tag every token: dropout and a linear layer, as XTREME's token classifiers."""

    def __init__(self, embed_dim: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.out_proj = nn.Linear(embed_dim, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(B, T, H)`` to logits ``(B, T, classes)``."""
        return self.out_proj(F.dropout(features, self.dropout, self.training))
