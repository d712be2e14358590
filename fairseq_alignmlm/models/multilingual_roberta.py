"""The encoder model of all objectives, under the key names of stock RoBERTa."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Any

import torch
import torch.nn.functional as F
from fairseq.models import (
    FairseqEncoder,
    FairseqEncoderModel,
    register_model,
    register_model_architecture,
)
from torch import Tensor, nn

from fairseq_alignmlm.models.config import MultilingualRobertaConfig, check_settings
from fairseq_alignmlm.models.encoder import SentenceEncoder
from fairseq_alignmlm.models.heads import MaskedLMHead, SentenceHead, TokenHead
from fairseq_alignmlm.models.language_tables import LanguagePositions, LanguageSpecials
from fairseq_alignmlm.models.positions import sinusoids
from fairseq_alignmlm.models.state import check_vocabulary, fit_heads, rename_stock_keys

logger = logging.getLogger(__name__)


class MultilingualEncoder(FairseqEncoder):
    """`SentenceEncoder` with the masked language modelling head."""

    def __init__(self, cfg: MultilingualRobertaConfig, dictionary: Any, languages: int) -> None:
        super().__init__(dictionary)
        self.cfg = cfg
        specials = [dictionary.bos(), dictionary.eos(), dictionary.unk(), dictionary.index("<mask>")]
        self.sentence_encoder = SentenceEncoder(cfg, len(dictionary), dictionary.pad(), languages, specials)
        self.lm_head = MaskedLMHead(
            cfg.encoder_embed_dim,
            len(dictionary),
            str(cfg.activation_fn),
            self.sentence_encoder.embed_tokens.weight,
            cfg.layer_norm_eps,
        )

    def max_positions(self) -> int:
        """Return the longest input in tokens."""
        return self.cfg.max_positions


@register_model("multilingual_roberta", dataclass=MultilingualRobertaConfig)
class MultilingualRoberta(FairseqEncoderModel):
    """A RoBERTa encoder for any number of languages (section 3, appendix H).

    Attributes:
        computes_prediction_loss: whether ``forward`` takes ``masked_targets``; criterions ask.
    """

    computes_prediction_loss = True

    def __init__(self, cfg: MultilingualRobertaConfig, encoder: MultilingualEncoder) -> None:
        super().__init__(encoder)
        self.cfg = cfg
        self.classification_heads = nn.ModuleDict()
        self._compute_dtype = torch.bfloat16 if str(cfg.compute_dtype) == "bfloat16" else None
        self.apply(self._initialise)
        if str(cfg.position_init) == "sinusoidal":
            first, others = encoder.sentence_encoder.embed_positions, encoder.sentence_encoder.embed_language_positions
            count = cfg.max_positions + (0 if others is None else len(others.weight))
            waves = sinusoids(count, cfg.encoder_embed_dim, cfg.init_std)
            first.weight.data[-cfg.max_positions :] = waves[: cfg.max_positions]
            if others is not None:
                others.weight.data.copy_(waves[cfg.max_positions :])

    @classmethod
    def build_model(cls, cfg: MultilingualRobertaConfig, task: Any) -> MultilingualRoberta:
        """Build the model for a task's dictionary and languages.

        Raises:
            InputError: when a size or rate is out of range.
        """
        check_settings(cfg)
        languages = len(getattr(task, "languages", ()))
        return cls(cfg, MultilingualEncoder(cfg, task.source_dictionary, languages))

    def _initialise(self, module: nn.Module) -> None:
        """Initialise as BERT: normal weights, zero biases, zero padding rows."""
        if isinstance(module, (nn.Linear, nn.Embedding, LanguagePositions, LanguageSpecials)):
            module.weight.data.normal_(mean=0.0, std=self.cfg.init_std)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.data.zero_()
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            module.weight.data[module.padding_idx].zero_()

    @property
    def word_embeddings(self) -> Tensor:
        """The input word embeddings E ``(V, H)``, tied to the output projection."""
        return self.encoder.sentence_encoder.embed_tokens.weight

    @property
    def has_language_embeddings(self) -> bool:
        """Whether the model has language embeddings."""
        return self.encoder.sentence_encoder.embed_languages is not None

    @property
    def wants_language_ids(self) -> bool:
        """Whether the model wants language IDs with every batch."""
        return self.encoder.sentence_encoder.wants_language_ids

    def forward(
        self,
        src_tokens: Tensor,
        src_lengths: Tensor | None = None,
        language_ids: Tensor | None = None,
        positions: Tensor | None = None,
        has_padding: bool | None = None,
        features_only: bool = False,
        return_all_hiddens: bool = False,
        classification_head_name: str | None = None,
        masked_tokens: Tensor | None = None,
        masked_targets: Tensor | None = None,
        token_index: Tensor | None = None,
        last_layer: int | None = None,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Encode a batch and apply a head.

        Args:
            src_tokens: token indices ``(B, T)``.
            src_lengths: accepted for fairseq's sake, not used.
            language_ids: ``(B, T)``, 0 padding, 1..L; exactly when the model has language embeddings.
            positions: ``(B, T)`` rows of the position table; default left to right.
            has_padding: False promises that there is none.
            features_only: return the features instead of logits.
            return_all_hiddens: put every layer's output ``(B, T, H)`` into ``extra["inner_states"]``.
            classification_head_name: the head to apply instead of the masked LM head.
            masked_tokens: bool ``(B, T)`` or flat indices ``(N,)``: project only these N positions.
            masked_targets: ``(B, T)`` right tokens: return the summed cross-entropy of the N positions instead of
                logits, in nats, and that of each in ``extra["token_losses"]`` ``(N,)``, and the features.
            token_index: flat indices of the tokens that are no padding, which spares an accelerator a wait.
            last_layer: with ``features_only``, the output of this layer (0: of the embeddings) instead of the last's.

        Returns:
            The loss, logits ``(N, V)`` or ``(B, T, V)``, features ``(B, T, H)``, or the head's output; and ``extra``.
        """
        with self._precision(src_tokens.device.type):
            features, hiddens = self.encoder.sentence_encoder(
                src_tokens, language_ids, positions, has_padding, return_all_hiddens, token_index, last_layer
            )
            extra: dict[str, Any] = {"inner_states": hiddens if return_all_hiddens else None}
            if classification_head_name is not None:
                return self.classification_heads[classification_head_name](features), extra
            if features_only:
                return features, extra
            if masked_targets is None:
                return self.encoder.lm_head(features, masked_tokens), extra
            assert masked_tokens is not None
            extra["features"] = features
            loss, extra["token_losses"] = self.encoder.lm_head.loss(features, masked_tokens, masked_targets)
            return loss, extra

    def _precision(self, device: str) -> AbstractContextManager[Any]:
        if self._compute_dtype is None:
            return nullcontext()  # no disabled autocast: that would undo the one of fairseq's --amp
        return torch.autocast(device, self._compute_dtype)

    def register_classification_head(
        self, name: str, num_classes: int, inner_dim: int | None = None, per_token: bool = False
    ) -> None:
        """Add a head that ``classification_head_name=name`` applies.

        Args:
            name: the head's name in the state dict.
            num_classes: number of classes.
            inner_dim: inner size of a sentence head; the hidden size by default.
            per_token: tag every token instead of classifying the sentence.
        """
        cfg = self.cfg
        head: nn.Module
        if per_token:
            head = TokenHead(cfg.encoder_embed_dim, num_classes, cfg.pooler_dropout)
        else:
            head = SentenceHead(
                cfg.encoder_embed_dim,
                num_classes,
                inner_dim or cfg.encoder_embed_dim,
                str(cfg.pooler_activation_fn),
                cfg.pooler_dropout,
            )
        head.apply(self._initialise)
        self.classification_heads[name] = head

    def get_normalized_probs(self, net_output: tuple[Tensor, Any], log_probs: bool, sample: Any = None) -> Tensor:
        """Return (log-)probabilities over the last dimension, in float32."""
        logits = net_output[0].float()
        return F.log_softmax(logits, dim=-1) if log_probs else F.softmax(logits, dim=-1)

    @property
    def supported_targets(self) -> set[str]:
        """Masked language modelling predicts the input itself."""
        return {"self"}

    def upgrade_state_dict_named(self, state_dict: dict[str, Any], name: str) -> None:
        """Fit a checkpoint of this model, of stock RoBERTa or of XLM-R, in place.

        Raises:
            InputError: when the vocabulary or the hidden size differs.
        """
        prefix = f"{name}." if name else ""
        rename_stock_keys(state_dict, prefix)
        super().upgrade_state_dict_named(state_dict, name)
        check_vocabulary(state_dict, prefix, self.word_embeddings)
        if self.cfg.load_checkpoint_heads:
            self._register_heads_of(state_dict, f"{prefix}classification_heads.")
        for head in fit_heads(state_dict, prefix, self.classification_heads):
            logger.warning("classification head %s of the checkpoint does not fit this model: dropped", head)

    def _register_heads_of(self, state: dict[str, Any], start: str) -> None:
        for key in [k for k in state if k.startswith(start) and k.endswith(".out_proj.weight")]:
            name = key.removeprefix(start).removesuffix(".out_proj.weight")
            dense = state.get(f"{start}{name}.dense.weight")
            if name not in self.classification_heads:
                inner = None if dense is None else dense.size(0)
                self.register_classification_head(name, state[key].size(0), inner, per_token=dense is None)


@register_model_architecture("multilingual_roberta", "multilingual_roberta_tiny")
def multilingual_roberta_tiny(args: Any) -> None:
    """2 layers, 2 heads, hidden 128, FFN 512: minutes on two cores."""
    _default(args, encoder_layers=2, encoder_embed_dim=128, encoder_ffn_embed_dim=512, encoder_attention_heads=2)


@register_model_architecture("multilingual_roberta", "multilingual_roberta_base")
def multilingual_roberta_base(args: Any) -> None:
    """12 layers, 12 heads, hidden 768, FFN 3072: RoBERTa and XLM-R base."""
    _default(args, encoder_layers=12, encoder_embed_dim=768, encoder_ffn_embed_dim=3072, encoder_attention_heads=12)


def _default(args: Any, **sizes: int) -> None:
    """Set what is not given: the architecture's sizes, and settings younger than the checkpoint ``args`` come from."""
    for name, value in {**asdict(MultilingualRobertaConfig()), **sizes}.items():
        if getattr(args, name, None) is None:
            setattr(args, name, value)
