"""Multi-head self-attention: in blocks on a CPU, through torch's scaled_dot_product_attention elsewhere."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.blockwise_attention import BlockwiseAttention, suits_blocks
from fairseq_alignmlm.models.padding import Unpadding


class SelfAttention(nn.Module):
    """Bidirectional self-attention with the parameter names of stock fairseq.

    Args:
        embed_dim: hidden size H, a multiple of ``num_heads``.
        num_heads: number of heads.
        dropout: probability of dropping an attention weight while training.

    Raises:
        InputError: when H is not a multiple of the number of heads.
    """

    def __init__(self, embed_dim: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        if embed_dim % num_heads:
            raise InputError(
                f"--encoder-embed-dim {embed_dim} is not a multiple of --encoder-attention-heads {num_heads}"
            )
        self.num_heads = num_heads
        self.dropout = dropout
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor, unpadding: Unpadding | None) -> Tensor:
        """Attend over the T positions of every sequence.

        Args:
            x: ``(B, T, H)``, or the tokens ``(N, H)`` of a batch with padding.
            unpadding: where these are; None when there is no padding, which lets torch choose its flash kernels.

        Returns:
            What `x` is: ``(B, T, H)`` or ``(N, H)``.
        """
        width = x.size(-1)
        # One matrix product instead of three; the parameters keep the stock names.
        weight = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))
        bias = torch.cat((self.q_proj.bias, self.k_proj.bias, self.v_proj.bias))
        projected = F.linear(x, weight, bias)
        key_mask_B11T = None
        if unpadding is not None:
            projected, key_mask_B11T = unpadding.put(projected), unpadding.key_mask_B11T
        attended = self._attend(projected.unflatten(-1, (3, self.num_heads, width // self.num_heads)), key_mask_B11T)
        return self.out_proj(attended if unpadding is None else unpadding.take(attended))

    def _attend(self, projected_BT3ND: Tensor, key_mask_B11T: Tensor | None) -> Tensor:
        batch, length = projected_BT3ND.shape[:2]
        dropout = self.dropout if self.training else 0.0
        if dropout < 1.0 and suits_blocks(batch, self.num_heads, length, projected_BT3ND.device):
            return BlockwiseAttention.apply(projected_BT3ND, key_mask_B11T, dropout)
        # `unbind`, because the gradients of three slices would be three tensors of zeros to add up.
        query, key, value = projected_BT3ND.transpose(1, 3).unbind(2)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=key_mask_B11T, dropout_p=dropout)
        return attended.transpose(1, 2).flatten(2)
