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


def architecture_options(checkpoint: Path) -> list[str]:
    """Return the options of ``fairseq-train`` that build the encoder of a checkpoint.

    Sizes are those of the weights. Heads and pre-norm leave no trace in the weights, they are taken from the settings
    of the run that the checkpoint keeps.

    Raises:
        InputError: when the file is missing, no checkpoint, or of another kind of model.
    """
    if not checkpoint.is_file():
        raise InputError.at(checkpoint, None, "there is no such checkpoint", "correct the path")
    state = load_restricted(torch, str(checkpoint), map_location="cpu")
    model = state.get("model") if isinstance(state, dict) else None
    if not isinstance(model, dict):
        raise InputError.at(checkpoint, None, "holds no model", "give a checkpoint of fairseq-train")
    shapes = {
        key.split("sentence_encoder.", 1)[1]: tuple(value.shape)
        for key, value in model.items()
        if "sentence_encoder." in key and hasattr(value, "shape")
    }
    layers = {int(found[1]) for key in model if (found := _LAYER.search(key))}
    try:
        positions, width = shapes["embed_positions.weight"]
        inner = shapes["layers.0.fc1.weight"][0]
    except KeyError as error:
        remedy = "give a checkpoint of multilingual_roberta, roberta or XLM-R"
        raise InputError.at(checkpoint, None, f"holds no sentence_encoder.{error.args[0]}", remedy) from None
    settings = _model_settings(state)
    options = {
        "--arch": "multilingual_roberta",
        "--encoder-layers": len(layers),
        "--encoder-embed-dim": width,
        "--encoder-ffn-embed-dim": inner,
        "--encoder-attention-heads": settings.get("encoder_attention_heads", width // 64),
        "--max-positions": positions - POSITIONS_BEFORE_THE_FIRST,
    }
    found = [str(part) for pair in options.items() for part in pair]
    if settings.get("encoder_normalize_before"):
        found.append("--encoder-normalize-before")
    if not any(key.startswith(("emb_layer_norm.", "layernorm_embedding.")) for key in shapes):
        found.append("--no-layernorm-embedding")
    return found


def _model_settings(state: dict[str, Any]) -> dict[str, Any]:
    settings = state.get("cfg")
    model = settings.get("model") if isinstance(settings, dict) else state.get("args")
    return model if isinstance(model, dict) else vars(model) if hasattr(model, "__dict__") else {}
