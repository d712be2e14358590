"""One Transformer encoder layer."""

from __future__ import annotations

from torch import Tensor, nn

from fairseq_alignmlm.models.activation import activation_function
from fairseq_alignmlm.models.attention import SelfAttention
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.dropout import dropout


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

    def forward(self, x_BTH: Tensor, key_mask_B11T: Tensor | None) -> Tensor:
        """Map ``(B, T, H)`` to ``(B, T, H)``; the mask is that of `SelfAttention.forward`."""
        if self.normalize_before:
            x_BTH = x_BTH + self._attend(self.self_attn_layer_norm(x_BTH), key_mask_B11T)
            return x_BTH + self._transform(self.final_layer_norm(x_BTH))
        x_BTH = self.self_attn_layer_norm(x_BTH + self._attend(x_BTH, key_mask_B11T))
        return self.final_layer_norm(x_BTH + self._transform(x_BTH))

    def _attend(self, x_BTH: Tensor, key_mask_B11T: Tensor | None) -> Tensor:
        return dropout(self.self_attn(x_BTH, key_mask_B11T), self.dropout, self.training)

    def _transform(self, x_BTH: Tensor) -> Tensor:
        inner = dropout(self.activation_fn(self.fc1(x_BTH)), self.activation_dropout, self.training)
        return dropout(self.fc2(inner), self.dropout, self.training)
