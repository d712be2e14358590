"""The encoder families that are exactly this package's encoder under other names: tables of their weights and settings.

RoBERTa, XLM-R, XLM-V, InfoXLM, Glot500 and CamemBERT share one table, with and without pre-norm; BERT and DistilBERT
have their own. Nothing here reads or writes anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ENCODER, LM_HEAD, HEADS = "encoder.sentence_encoder.", "encoder.lm_head.", "classification_heads."
WORDS = f"{ENCODER}embed_tokens.weight"
POSITIONS = f"{ENCODER}embed_positions.weight"
LANGUAGES = f"{ENCODER}embed_languages.weight"
OUTPUT_BIAS = f"{LM_HEAD}bias"
TIED = f"{LM_HEAD}weight"
TOKEN_HEAD, SENTENCE_HEAD = "xtreme_tagging", "xtreme_classification"
MASKED, TOKENS, SEQUENCE = "ForMaskedLM", "ForTokenClassification", "ForSequenceClassification"
FIRST_HEAD = {TOKENS: TOKEN_HEAD, SEQUENCE: SENTENCE_HEAD}
PARTS = ("weight", "bias")

_ROBERTA_LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.output.LayerNorm",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
    "final_layer_norm": "output.LayerNorm",
}
_PRE_NORM_LAYER = _ROBERTA_LAYER | {
    "self_attn_layer_norm": "attention.LayerNorm",
    "final_layer_norm": "intermediate.LayerNorm",
}
_DISTILBERT_LAYER = {
    "self_attn.q_proj": "attention.q_lin",
    "self_attn.k_proj": "attention.k_lin",
    "self_attn.v_proj": "attention.v_lin",
    "self_attn.out_proj": "attention.out_lin",
    "self_attn_layer_norm": "sa_layer_norm",
    "fc1": "ffn.lin1",
    "fc2": "ffn.lin2",
    "final_layer_norm": "output_layer_norm",
}
_ROBERTA_LM = {"dense": "lm_head.dense", "layer_norm": "lm_head.layer_norm"}
_BERT_LM = {"dense": "cls.predictions.transform.dense", "layer_norm": "cls.predictions.transform.LayerNorm"}
_DISTILBERT_LM = {"dense": "vocab_transform", "layer_norm": "vocab_layer_norm"}
_ROBERTA_FIELDS = {
    "encoder_layers": "num_hidden_layers",
    "encoder_embed_dim": "hidden_size",
    "encoder_ffn_embed_dim": "intermediate_size",
    "encoder_attention_heads": "num_attention_heads",
    "activation_fn": "hidden_act",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
    "layer_norm_eps": "layer_norm_eps",
}
_DISTILBERT_FIELDS = {
    "encoder_layers": "n_layers",
    "encoder_embed_dim": "dim",
    "encoder_ffn_embed_dim": "hidden_dim",
    "encoder_attention_heads": "n_heads",
    "activation_fn": "activation",
    "dropout": "dropout",
    "attention_dropout": "attention_dropout",
}
_ROBERTA_SYMBOLS = {"bos": "<s>", "pad": "<pad>", "eos": "</s>", "unk": "<unk>", "mask": "<mask>"}
_BERT_SYMBOLS = {"bos": "[CLS]", "pad": "[PAD]", "eos": "[SEP]", "unk": "[UNK]", "mask": "[MASK]"}


@dataclass(frozen=True)
class Family:
    """The names that one kind of model has for what this package has.

    Attributes:
        model_type: of ``config.json``.
        classes: what the names of its classes begin with.
        prefix: of the encoder's keys, as in ``roberta.``; models saved without a head have none.
        layer: the modules of a layer, ours to theirs.
        layer_prefix: before the number of a layer.
        lm_head: the modules of the masked language modelling head, ours to theirs.
        output_bias: the head's bias.
        fields: settings, ours to those of ``config.json``.
        symbols: the usual special symbols, by what they are for.
        pre_norm: layer norm before each block.
        positions_from_padding: positions are counted from padding + 1 (RoBERTa), not from 0 (BERT).
        token_types: there are embeddings of token types.
        layer_norm_eps: where it is no setting, what it always is.
        sentence_dense: the dense layer of a sentence classifier.
        sentence_output: its last layer.
        sentence_activation: the activation between the two.
        lm_activation: activation of the masked language modelling head; None where it is the encoder's.
    """

    model_type: str
    classes: str
    prefix: str
    layer: Mapping[str, str]
    layer_prefix: str
    lm_head: Mapping[str, str]
    output_bias: str
    fields: Mapping[str, str]
    symbols: Mapping[str, str]
    pre_norm: bool = False
    positions_from_padding: bool = True
    token_types: bool = True
    layer_norm_eps: float | None = None
    sentence_dense: str = "classifier.dense"
    sentence_output: str = "classifier.out_proj"
    sentence_activation: str = "tanh"
    lm_activation: str | None = "gelu"

    @property
    def words(self) -> str:
        """The key of the word embeddings."""
        return f"{self.prefix}embeddings.word_embeddings.weight"

    @property
    def positions(self) -> str:
        """The key of the position embeddings."""
        return f"{self.prefix}embeddings.position_embeddings.weight"

    @property
    def types(self) -> str:
        """The key of the embeddings of token types."""
        return f"{self.prefix}embeddings.token_type_embeddings.weight"

    @property
    def pooler(self) -> str:
        """The start of the keys of the pooler."""
        return f"{self.prefix}pooler.dense."

    def output_copies(self) -> tuple[str, ...]:
        """Return the keys of the tied output projection, which folders should not but may hold."""
        return {
            "bert": ("cls.predictions.decoder.weight",),
            "distilbert": ("vocab_projector.weight",),
        }.get(self.model_type, ("lm_head.decoder.weight",))

    def bias_copies(self) -> tuple[str, ...]:
        """Return the keys of copies of the output bias."""
        return {"bert": ("cls.predictions.decoder.bias",), "distilbert": ()}.get(
            self.model_type, ("lm_head.decoder.bias",)
        )

    def is_buffer(self, key: str) -> bool:
        """Tell whether a key is that of an index table, which older folders hold and nothing needs."""
        return key.endswith(("embeddings.position_ids", "embeddings.token_type_ids"))

    def is_next_sentence(self, key: str) -> bool:
        """Tell whether a key belongs to next sentence prediction."""
        return key.startswith("cls.seq_relationship.")

    def encoder_keys(self, layers: int) -> Iterator[tuple[str, str]]:
        """Yield ``(ours, theirs)`` of the encoder, without word, position and token type embeddings.

        Args:
            layers: how many layers the model has.
        """
        modules = {"layernorm_embedding": "embeddings.LayerNorm"}
        if self.pre_norm:
            modules["layer_norm"] = "LayerNorm"
        for number in range(layers):
            for ours, theirs in self.layer.items():
                modules[f"layers.{number}.{ours}"] = f"{self.layer_prefix}{number}.{theirs}"
        for ours, theirs in modules.items():
            for part in PARTS:
                yield f"{ENCODER}{ours}.{part}", f"{self.prefix}{theirs}.{part}"

    def lm_head_keys(self) -> Iterator[tuple[str, str]]:
        """Yield ``(ours, theirs)`` of the masked language modelling head, without its bias."""
        for ours, theirs in self.lm_head.items():
            for part in PARTS:
                yield f"{LM_HEAD}{ours}.{part}", f"{theirs}.{part}"

    def head_keys(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield ``(ours, theirs)`` of the head of a fine-tuned model.

        Args:
            kind: `TOKENS` or `SEQUENCE`.
        """
        if kind == TOKENS:
            modules = {f"{TOKEN_HEAD}.out_proj": "classifier"}
        else:
            modules = {
                f"{SENTENCE_HEAD}.dense": self.sentence_dense,
                f"{SENTENCE_HEAD}.out_proj": self.sentence_output,
            }
        for ours, theirs in modules.items():
            for part in PARTS:
                yield f"{HEADS}{ours}.{part}", f"{theirs}.{part}"


def _roberta(model_type: str, classes: str) -> Family:
    return Family(
        model_type,
        classes,
        "roberta.",
        _ROBERTA_LAYER,
        "encoder.layer.",
        _ROBERTA_LM,
        "lm_head.bias",
        _ROBERTA_FIELDS,
        _ROBERTA_SYMBOLS,
    )


FAMILIES = {
    family.model_type: family
    for family in (
        _roberta("roberta", "Roberta"),
        _roberta("xlm-roberta", "XLMRoberta"),
        _roberta("camembert", "Camembert"),
        Family(
            "roberta-prelayernorm",
            "RobertaPreLayerNorm",
            "roberta_prelayernorm.",
            _PRE_NORM_LAYER,
            "encoder.layer.",
            _ROBERTA_LM,
            "lm_head.bias",
            _ROBERTA_FIELDS,
            _ROBERTA_SYMBOLS,
            pre_norm=True,
        ),
        Family(
            "bert",
            "Bert",
            "bert.",
            _ROBERTA_LAYER,
            "encoder.layer.",
            _BERT_LM,
            "cls.predictions.bias",
            _ROBERTA_FIELDS,
            _BERT_SYMBOLS,
            positions_from_padding=False,
            sentence_dense="bert.pooler.dense",
            sentence_output="classifier",
            lm_activation=None,
        ),
        Family(
            "distilbert",
            "DistilBert",
            "distilbert.",
            _DISTILBERT_LAYER,
            "transformer.layer.",
            _DISTILBERT_LM,
            "vocab_projector.bias",
            _DISTILBERT_FIELDS,
            _BERT_SYMBOLS,
            positions_from_padding=False,
            token_types=False,
            layer_norm_eps=1e-12,
            sentence_dense="pre_classifier",
            sentence_output="classifier",
            sentence_activation="relu",
            lm_activation=None,
        ),
    )
}
