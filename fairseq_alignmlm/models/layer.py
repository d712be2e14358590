"""One Transformer encoder layer."""

from __future__ import annotations

from torch import Tensor, nn

from fairseq_alignmlm.models.activation import activation_function
from fairseq_alignmlm.models.attention import SelfAttention
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.dropout import dropout
from fairseq_alignmlm.models.padding import Unpadding


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward block with residuals, post-LN by default.

    Unlike the stock layer it holds each weight once: stock fairseq 0.12.2 registers a second, never trained
    copy of every matrix for BetterTransformer.
    """

    def __init__(self, cfg: MultilingualRobertaConfig) -> None:
        super().__init__()
        width = cfg.encoder_embed_dim
        self.normalize_before = cfg.encoder_normalize_before
        self.dropout = cfg.dropout
        self.activation_dropout = cfg.activation_dropout
        self.activation_fn = activation_function(str(cfg.activation_fn))
        self.self_attn = SelfAttention(width, cfg.encoder_attention_heads, cfg.attention_dropout)
        self.self_attn_layer_norm = nn.LayerNorm(width, cfg.layer_norm_eps)
        self.fc1 = nn.Linear(width, cfg.encoder_ffn_embed_dim)
        self.fc2 = nn.Linear(cfg.encoder_ffn_embed_dim, width)
        self.final_layer_norm = nn.LayerNorm(width, cfg.layer_norm_eps)
        for parameter in self.parameters():
            parameter.hidden_matrix = parameter.dim() == 2  # type: ignore[attr-defined]  # for the optimiser

    def forward(self, x: Tensor, unpadding: Unpadding | None) -> Tensor:
        """Map ``(B, T, H)`` or, of a batch with padding, its tokens ``(N, H)`` to the same shape."""
        if self.normalize_before:
            x = x + self._attend(self.self_attn_layer_norm(x), unpadding)
            return x + self._transform(self.final_layer_norm(x))
        x = self.self_attn_layer_norm(x + self._attend(x, unpadding))
        return self.final_layer_norm(x + self._transform(x))

    def _attend(self, x: Tensor, unpadding: Unpadding | None) -> Tensor:
        return dropout(self.self_attn(x, unpadding), self.dropout, self.training)

    def _transform(self, x: Tensor) -> Tensor:
        inner = dropout(self.activation_fn(self.fc1(x)), self.activation_dropout, self.training)
        return dropout(self.fc2(inner), self.dropout, self.training)
