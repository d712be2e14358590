"""The shape of an encoder, read from its checkpoint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from fairseq_alignmlm.errors import InputError
from fairseq_startup.remedies.checkpoint_loading import load_restricted

_LAYER = re.compile(r"sentence_encoder\.layers\.(\d+)\.")
POSITIONS_BEFORE_THE_FIRST = 2  # fairseq counts positions from padding + 1
USUAL_HEAD = 64  # width of a head of RoBERTa and XLM-R


def read_state(checkpoint: Path) -> dict[str, Any]:
    """Read a checkpoint on the CPU without running anything in it.

    Raises:
        InputError: when the file is missing, or no checkpoint of fairseq.
    """
    if not checkpoint.is_file():
        raise InputError.at(checkpoint, None, "there is no such checkpoint", "correct the path")
    state = load_restricted(torch, str(checkpoint), map_location="cpu")
    if not isinstance(state, dict) or not isinstance(state.get("model"), dict):
        raise InputError.at(checkpoint, None, "holds no model", "give a checkpoint of fairseq-train")
    return state


def architecture(state: dict[str, Any], checkpoint: Path) -> dict[str, int | bool]:
    """Return the settings of `MultilingualRobertaConfig` that build the encoder of a checkpoint.

    Sizes are those of the weights. Attention heads and pre-norm leave no trace in the weights, they are taken from the
    settings of the run that the checkpoint keeps.

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
    settings = _model_settings(state)
    return {
        "encoder_layers": len({found[1] for key in model if (found := _LAYER.search(key))}),
        "encoder_embed_dim": width,
        "encoder_ffn_embed_dim": inner,
        "encoder_attention_heads": int(settings.get("encoder_attention_heads", width // USUAL_HEAD)),
        "max_positions": positions - POSITIONS_BEFORE_THE_FIRST,
        "encoder_normalize_before": bool(settings.get("encoder_normalize_before")),
        "no_layernorm_embedding": not any(
            key.startswith(("emb_layer_norm.", "layernorm_embedding.")) for key in shapes
        ),
        "language_embeddings": "embed_languages.weight" in shapes,
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


def _model_settings(state: dict[str, Any]) -> dict[str, Any]:
    settings = state.get("cfg")
    model = settings.get("model") if isinstance(settings, dict) else state.get("args")
    return model if isinstance(model, dict) else vars(model) if hasattr(model, "__dict__") else {}
