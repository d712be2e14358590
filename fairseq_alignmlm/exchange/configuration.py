"""``config.json`` of a Hugging Face folder and the settings of `MultilingualRobertaConfig`, either way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.families import FAMILIES, MASKED, SEQUENCE, TOKENS, Family

EXACT_ACTIVATIONS = ("gelu", "relu")  # under these names both sides compute the same
LIMIT = 1 << 24  # no size of a real model is larger; a hostile one would ask for all memory

# Settings under which the model is another one than this package's, with the values that are harmless.
_OTHER_MODELS: dict[str, tuple[Any, ...]] = {
    "is_decoder": (False, None),
    "add_cross_attention": (False, None),
    "is_encoder_decoder": (False, None),
    "position_embedding_type": ("absolute", None),
    "rope_theta": (None,),
    "rope_scaling": (None,),
    "rope_parameters": (None,),
    "relative_attention": (False, None),
    "quantization_config": (None,),
    "auto_map": (None,),
    "pruned_heads": (None, {}),
    "problem_type": ("single_label_classification", None),
    "adapters": (None, {}),
    "embedding_size": (None,),
}
_PLAIN = {
    *("architectures", "dtype", "torch_dtype", "transformers_version", "model_type", "_name_or_path", "id2label"),
    *("label2id", "vocab_size", "pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"),
    *("type_vocab_size", "max_position_embeddings", "use_cache", "output_past", "gradient_checkpointing"),
    *("initializer_range", "tie_word_embeddings", "tie_weights_", "classifier_dropout", "finetuning_task"),
    *("directionality", "sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout", "chunk_size_feed_forward"),
    *("pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type"),
    *("output_hidden_states", "output_attentions", "return_dict", "language_names"),
}


def family_of(config: Mapping[str, Any], path: Path) -> Family:
    """Return the family that ``model_type`` names.

    Raises:
        InputError: when it is none of those that this package converts.
    """
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise InputError.at(
            path, None, f"model_type {kind!r} is not converted", f"these are: {', '.join(sorted(FAMILIES))}"
        )
    return FAMILIES[kind]


def kind_of(config: Mapping[str, Any], family: Family, path: Path) -> str | None:
    """Return what the model is for, `MASKED`, `TOKENS` or `SEQUENCE`; None for an encoder alone.

    Raises:
        InputError: when ``architectures`` names another class.
    """
    names = config.get("architectures") or []
    if not isinstance(names, list) or len(names) > 1 or not all(isinstance(name, str) for name in names):
        raise InputError.at(path, None, f"architectures {names!r} is not one class", "give a folder of one model")
    if not names or names[0] == f"{family.classes}Model":
        return None
    known = {f"{family.classes}{kind}": kind for kind in (MASKED, TOKENS, SEQUENCE)}
    known[f"{family.classes}ForPreTraining"] = MASKED
    if names[0] not in known:
        what = f"class {names[0]} is not converted"
        raise InputError.at(path, None, what, f"these are: {family.classes}Model, {', '.join(sorted(known))}")
    return known[names[0]]


def settings_from(config: Mapping[str, Any], family: Family, kind: str | None, path: Path) -> dict[str, Any]:
    """Return the settings of `MultilingualRobertaConfig` that make the same encoder.

    Args:
        config: ``config.json``.
        family: what `family_of` returns.
        kind: what `kind_of` returns.
        path: of ``config.json``, for messages.

    Raises:
        InputError: when a field is missing or not of its kind, or makes another model than this package's.
    """
    for name, harmless in _OTHER_MODELS.items():
        if name in config and config[name] not in harmless:
            raise InputError.at(path, None, f"{name} {config[name]!r} makes another model", "it cannot be converted")
    settings: dict[str, Any] = {}
    for ours, theirs in family.fields.items():
        if theirs not in config:
            raise InputError.at(path, None, f"has no {theirs}", "get the folder again")
        settings[ours] = config[theirs]
    if family.layer_norm_eps is not None:
        settings["layer_norm_eps"] = family.layer_norm_eps
    sizes = [name for name in settings if name.startswith("encoder_")]
    for name, value in [*((name, settings[name]) for name in sizes), *_sizes(config, family)]:
        field = family.fields.get(name, name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LIMIT:
            raise InputError.at(path, None, f"{field} {value!r} is not a size", "get the folder again")
    for name in ("dropout", "attention_dropout", "layer_norm_eps"):
        value = settings[name]
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1:
            raise InputError.at(path, None, f"{family.fields.get(name, name)} {value!r} is not a number in [0, 1)")
    activation = settings["activation_fn"]
    if activation not in EXACT_ACTIVATIONS:
        field, known = family.fields["activation_fn"], " or ".join(EXACT_ACTIVATIONS)
        raise InputError.at(
            path, None, f"{field} {activation!r} is another function than this model's", f"only {known}"
        )
    if kind == MASKED and family.lm_activation not in (None, activation):
        what = f"the encoder has activation {activation!r}, the head always {family.lm_activation}"
        raise InputError.at(path, None, what, "it cannot be converted")
    if settings["encoder_embed_dim"] % settings["encoder_attention_heads"]:
        raise InputError.at(path, None, "the hidden size is no multiple of the attention heads", "get the folder again")
    padding = config.get("pad_token_id")
    if family.positions_from_padding and (not isinstance(padding, int) or not 0 <= padding < LIMIT):
        raise InputError.at(path, None, f"pad_token_id {padding!r} is not an index", "get the folder again")
    first = padding + 1 if family.positions_from_padding and isinstance(padding, int) else 0
    settings["max_positions"] = config["max_position_embeddings"] - first
    if settings["max_positions"] < 2:
        raise InputError.at(path, None, "max_position_embeddings leaves no position", "get the folder again")
    settings["encoder_normalize_before"] = family.pre_norm
    settings["pooler_activation_fn"] = family.sentence_activation
    dropout = config.get("seq_classif_dropout" if family.model_type == "distilbert" else "classifier_dropout")
    settings["pooler_dropout"] = float(dropout) if isinstance(dropout, (int, float)) else settings["dropout"]
    return settings


def _sizes(config: Mapping[str, Any], family: Family) -> list[tuple[str, Any]]:
    names = ["vocab_size", "max_position_embeddings", *(["type_vocab_size"] if family.token_types else [])]
    return [(name, config.get(name)) for name in names]


def unknown_fields(config: Mapping[str, Any], family: Family) -> list[str]:
    """Return the fields of ``config.json`` that this package does not know; the classes do not read them either."""
    return sorted(set(config) - _PLAIN - set(_OTHER_MODELS) - set(family.fields.values()))


def labels_from(config: Mapping[str, Any], path: Path) -> list[str]:
    """Return the labels of a fine-tuned model in the order of its outputs.

    Raises:
        InputError: when ``id2label`` does not number different labels from 0.
    """
    found = config.get("id2label", {"0": "LABEL_0", "1": "LABEL_1"})  # the default, which is not written out
    if not isinstance(found, dict) or not found:
        raise InputError.at(path, None, "id2label names no label", "a fine-tuned model needs the names of its labels")
    labels = [found.get(str(number)) for number in range(len(found))]
    words = ["_".join(label.split()) if isinstance(label, str) else "" for label in labels]
    if not all(words) or len(set(words)) != len(words):
        raise InputError.at(path, None, "id2label does not number different labels from 0", "correct the labels")
    return words


def config_for(
    family: Family,
    kind: str,
    settings: Mapping[str, Any],
    vocabulary_size: int,
    languages: int = 0,
    labels: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the ``config.json`` of an own model, every field written out: the defaults of the classes are others.

    Args:
        family: RoBERTa's, with or without pre-norm.
        kind: `MASKED`, `TOKENS` or `SEQUENCE`.
        settings: those of `MultilingualRobertaConfig`.
        vocabulary_size: symbols, the special ones included.
        languages: number of language embeddings, 0 for none.
        labels: of a fine-tuned model.
    """
    config: dict[str, Any] = {"architectures": [f"{family.classes}{kind}"], "model_type": family.model_type}
    config |= {theirs: settings[ours] for ours, theirs in family.fields.items()}
    config |= {
        "vocab_size": vocabulary_size,
        "max_position_embeddings": settings["max_positions"] + 2,
        "type_vocab_size": languages + 1,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "classifier_dropout": settings.get("pooler_dropout", 0.0),
        "initializer_range": settings.get("init_std", 0.02),
        "tie_word_embeddings": True,
        "is_decoder": False,
        "add_cross_attention": False,
        "use_cache": False,
        "dtype": "float32",
    }
    if labels:
        config["id2label"] = {str(number): label for number, label in enumerate(labels)}
        config["label2id"] = {label: number for number, label in enumerate(labels)}
        config["problem_type"] = "single_label_classification" if kind == SEQUENCE else None
    return config
