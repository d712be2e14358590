"""Embeddings and the stack of encoder layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from fairseq.distributed import fsdp_wrap
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.dropout import dropout
from fairseq_alignmlm.models.language_tables import LanguagePositions, LanguageSpecials
from fairseq_alignmlm.models.layer import EncoderLayer
from fairseq_alignmlm.models.padding import Unpadding
from fairseq_alignmlm.models.positions import position_indices


class SentenceEncoder(nn.Module):
    """Sum word, position and (when asked for) language embeddings and run the layers.

    Args:
        cfg: the model's settings.
        vocabulary_size: number of symbols, the special ones included.
        padding_index: index of the padding symbol.
        languages: number of languages L; language embeddings have L + 1 rows, row 0 for padding.
        specials: indices of the special symbols but padding; only needed where each language has its own.

    Raises:
        InputError: when something is to be each language's own, and there is one language.
    """

    def __init__(
        self,
        cfg: MultilingualRobertaConfig,
        vocabulary_size: int,
        padding_index: int,
        languages: int,
        specials: Sequence[int] = (),
    ) -> None:
        super().__init__()
        width = cfg.encoder_embed_dim
        self.padding_index = padding_index
        self.dropout = cfg.dropout
        self.checkpoint_activations = cfg.checkpoint_activations
        self.embed_tokens = nn.Embedding(vocabulary_size, width, padding_index)
        self.embed_positions = nn.Embedding(cfg.max_positions + padding_index + 1, width, padding_index)
        self.embed_languages = nn.Embedding(languages + 1, width, padding_idx=0) if cfg.language_embeddings else None
        self.embed_language_positions, self.embed_language_specials = None, None
        if (cfg.language_positions or cfg.language_specials) and languages < 2:
            raise InputError("--language-positions and --language-specials need several languages")
        if cfg.language_positions:
            self.embed_language_positions = LanguagePositions(languages, cfg.max_positions, width, padding_index)
        if cfg.language_specials:
            self.embed_language_specials = LanguageSpecials(specials, vocabulary_size, languages, width)
        with_norm = cfg.layernorm_embedding and not cfg.no_layernorm_embedding
        self.layernorm_embedding = nn.LayerNorm(width, cfg.layer_norm_eps) if with_norm else None
        self.layers = nn.ModuleList(self._build_layer(cfg) for _ in range(cfg.encoder_layers))
        self.layer_norm = nn.LayerNorm(width, cfg.layer_norm_eps) if cfg.encoder_normalize_before else None

    @staticmethod
    def _build_layer(cfg: MultilingualRobertaConfig) -> nn.Module:
        layer = EncoderLayer(cfg)
        if cfg.compile_layers:
            layer.compile()  # in place: the names of the weights stay
        return fsdp_wrap(layer, min_num_params=0 if cfg.checkpoint_activations else cfg.min_params_to_wrap)

    def forward(
        self,
        tokens_BT: Tensor,
        language_ids_BT: Tensor | None = None,
        positions_BT: Tensor | None = None,
        has_padding: bool | None = None,
        return_all_hiddens: bool = False,
        token_index_N: Tensor | None = None,
        last_layer: int | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Encode a batch.

        Args:
            tokens_BT: token indices ``(B, T)``.
            language_ids_BT: language of each token ``(B, T)``, 0 for padding, 1..L; always where
                `wants_language_ids`, and only there.
            positions_BT: rows of the position table ``(B, T)``, for layouts whose positions restart; by default
                tokens are numbered from left to right.
            has_padding: whether any token is padding; None looks, which on an accelerator waits for the device.
            return_all_hiddens: also return the embeddings and every layer's output.
            token_index_N: flat indices of the tokens that are no padding; None looks, likewise.
            last_layer: stop after this layer, 0 for the embeddings, without a final layer norm; None goes to the end.

        Returns:
            The last layer's output ``(B, T, H)`` and the list of hidden states, each ``(B, T, H)``; zero where padding
            is.

        Raises:
            ValueError: when language IDs are missing, or the model has no use for them.
        """
        if has_padding is None:
            has_padding = bool(tokens_BT.eq(self.padding_index).any())
        if positions_BT is None:
            positions_BT = position_indices(tokens_BT, self.padding_index, has_padding)
        unpadding = None
        if has_padding:
            unpadding = Unpadding(tokens_BT.ne(self.padding_index), token_index_N)
            tokens_BT, positions_BT = unpadding.take_numbers(tokens_BT), unpadding.take_numbers(positions_BT)
            language_ids_BT = None if language_ids_BT is None else unpadding.take_numbers(language_ids_BT)
        x = self._embed(tokens_BT, positions_BT, language_ids_BT)
        if self.layernorm_embedding is not None:
            x = self.layernorm_embedding(x)
        x = dropout(x, self.dropout, self.training)
        states = [x]
        for layer in self.layers[:last_layer]:
            if self.checkpoint_activations and torch.is_grad_enabled():
                # torch's own recomputes in the precision of the forward pass, which fairseq's does not.
                x = checkpoint(layer, x, unpadding, use_reentrant=False)
            else:
                x = layer(x, unpadding)
            if return_all_hiddens:
                states.append(x)
        if self.layer_norm is not None and last_layer is None:
            x = self.layer_norm(x)
        hiddens = states if return_all_hiddens else []
        if unpadding is not None:
            x, hiddens = unpadding.put(x), [unpadding.put(state) for state in hiddens]
        return x, hiddens

    @property
    def wants_language_ids(self) -> bool:
        """Whether the languages of the tokens make a difference."""
        tables = (self.embed_languages, self.embed_language_positions, self.embed_language_specials)
        return any(table is not None for table in tables)

    def _embed(self, tokens: Tensor, positions: Tensor, language_ids: Tensor | None) -> Tensor:
        """Sum the embeddings, ``(B, T, H)`` of ``(B, T)``, or ``(N, H)`` of ``(N,)``."""
        x = self.embed_tokens(tokens)
        if not self.wants_language_ids:
            if language_ids is not None:
                raise ValueError("the batch has language IDs, but this model has no language embeddings")
            return x + self.embed_positions(positions)
        if language_ids is None:
            raise ValueError("this model has tables of each language, but the batch has no language IDs")
        if self.embed_language_specials is not None:
            x = self.embed_language_specials(x, tokens, language_ids)
        if self.embed_language_positions is not None:
            x = x + self.embed_language_positions(self.embed_positions, positions, language_ids)
        else:
            x = x + self.embed_positions(positions)
        return x if self.embed_languages is None else x + self.embed_languages(language_ids)
