"""Parts of an encoder that a training leaves as they are."""

from __future__ import annotations

from torch import nn

NONE, FRONT, BACK = "none", "front", "back"
LAYERS = "encoder.sentence_encoder.layers."


def frozen_layers(part: str, layers: int) -> range:
    """Return the layers of a half, counted from 0 (AlignFreeze, Bakos et al. 2025).

    Args:
        part: ``none``, ``front`` (the lower half) or ``back`` (the upper half; of an odd number the larger one).
        layers: of the encoder.
    """
    return {NONE: range(0), FRONT: range(layers // 2), BACK: range(layers // 2, layers)}[part]


def frozen_names(model: nn.Module, part: str) -> list[str]:
    """Return the names of the parameters in a half of the layers; embeddings are in neither."""
    count = 1 + max((layer_of(name) for name, _ in model.named_parameters()), default=-1)
    chosen = frozen_layers(part, count)
    return [name for name, _ in model.named_parameters() if layer_of(name) in chosen]


def freeze_all_but(model: nn.Module, part: str, last_layer: int) -> None:
    """Leave trainable only what the output of a layer depends on and is not in the frozen half.

    Args:
        model: a `MultilingualRoberta`; its heads are left as they are, too.
        part: see `frozen_layers`.
        last_layer: whose output is trained, 0 for the embeddings.
    """
    frozen = set(frozen_names(model, part))
    embeddings = {id(each) for each in model.encoder.sentence_encoder.parameters()}  # type: ignore[union-attr]
    final = getattr(model.encoder.sentence_encoder, "layer_norm", None)  # type: ignore[union-attr]
    unused = {id(each) for each in final.parameters()} if isinstance(final, nn.Module) else set()
    for name, parameter in model.named_parameters():
        used = id(parameter) in embeddings - unused and layer_of(name) < last_layer
        parameter.requires_grad_(used and name not in frozen)


def layer_of(name: str) -> int:
    """Return the number of the layer of a parameter, -1 for others."""
    return int(name.removeprefix(LAYERS).partition(".")[0]) if name.startswith(LAYERS) else -1
