"""Output layers: masked language modelling, sentence classification, token tagging."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from fairseq import utils
from torch import Tensor, nn


class MaskedLMHead(nn.Module):
    """Predict words: dense, GELU, layer norm, product with the tied word embeddings, bias."""

    def __init__(self, embed_dim: int, vocabulary_size: int, activation_fn: str, weight: Tensor) -> None:
        super().__init__()
        self.dense = nn.Linear(embed_dim, embed_dim)
        self.activation_fn = utils.get_activation_fn(activation_fn)
        self.layer_norm = nn.LayerNorm(embed_dim)
        self.weight = weight
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, features: Tensor, masked_tokens: Tensor | None = None) -> Tensor:
        """Return logits ``(N, V)`` of the selected positions, or ``(B, T, V)`` of all.

        Args:
            features: ``(B, T, H)``.
            masked_tokens: bool ``(B, T)``, the N positions to predict; None projects every position.
        """
        if masked_tokens is not None:
            features = features[masked_tokens]
        hidden = self.layer_norm(self.activation_fn(self.dense(features)))
        return F.linear(hidden, self.weight, self.bias)


class SentenceHead(nn.Module):
    """Classify a sequence from its first token: dropout, dense, tanh, dropout, linear (as stock RoBERTa)."""

    def __init__(self, embed_dim: int, classes: int, inner_dim: int, activation_fn: str, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(embed_dim, inner_dim)
        self.activation_fn = utils.get_activation_fn(activation_fn)
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
