"""The shape of an encoder, read from its checkpoint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import read_state, settings_of

_LAYER = re.compile(r"sentence_encoder\.layers\.(\d+)\.")
POSITIONS_BEFORE_THE_FIRST = 2  # fairseq counts positions from padding + 1
USUAL_HEAD = 64  # width of a head of RoBERTa and XLM-R
USUAL_ACTIVATION = "gelu"
USUAL_LAYER_NORM_EPS = 1e-5


def architecture(state: dict[str, Any], checkpoint: Path) -> dict[str, int | float | bool | str]:
    """Return the settings of `MultilingualRobertaConfig` that build the encoder of a checkpoint.

    Sizes are those of the weights. Attention heads, the activation function, pre-norm and the epsilon of layer norms
    leave no trace in the weights, they are taken from the settings of the run that the checkpoint keeps.

    Args:
        state: what `read_state` returns.
        checkpoint: its path, for messages.

    Raises:
        InputError: when it holds another kind of model.
    """
    model = state["model"]
    shapes = {
        key.split("sentence_encoder.", 1)[1]: tuple(value.shape)
        for key, value in model.items()
        if "sentence_encoder." in key and hasattr(value, "shape")
    }
    try:
        positions, width = shapes["embed_positions.weight"]
        inner = shapes["layers.0.fc1.weight"][0]
    except KeyError as error:
        remedy = "give a checkpoint of multilingual_roberta, roberta or XLM-R"
        raise InputError.at(checkpoint, None, f"holds no sentence_encoder.{error.args[0]}", remedy) from None
    settings = settings_of(state, "model")
    return {
        "encoder_layers": len({found[1] for key in model if (found := _LAYER.search(key))}),
        "encoder_embed_dim": width,
        "encoder_ffn_embed_dim": inner,
        "encoder_attention_heads": int(settings.get("encoder_attention_heads", width // USUAL_HEAD)),
        "activation_fn": str(settings.get("activation_fn") or USUAL_ACTIVATION),
        "layer_norm_eps": float(settings.get("layer_norm_eps", USUAL_LAYER_NORM_EPS)),
        "max_positions": positions - POSITIONS_BEFORE_THE_FIRST,
        "encoder_normalize_before": bool(settings.get("encoder_normalize_before")),
        "no_layernorm_embedding": not any(
            key.startswith(("emb_layer_norm.", "layernorm_embedding.")) for key in shapes
        ),
        "language_embeddings": "embed_languages.weight" in shapes,
        "language_positions": "embed_language_positions.weight" in shapes,
        "language_specials": "embed_language_specials.weight" in shapes,
    }


def architecture_options(checkpoint: Path) -> list[str]:
    """Return the options of ``fairseq-train`` that build the encoder of a checkpoint.

    Raises:
        InputError: see `read_state` and `architecture`.
    """
    options = ["--arch", "multilingual_roberta"]
    for name, value in architecture(read_state(checkpoint), checkpoint).items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            options.append(option)
        elif value is not False:
            options += [option, str(value)]
    return options
