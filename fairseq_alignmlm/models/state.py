"""State dicts of stock RoBERTa and XLM-R checkpoints, made to fit `MultilingualRoberta`."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor, nn

from fairseq_alignmlm.errors import InputError

# The second copy of each layer's weights that stock fairseq 0.12.2 keeps for BetterTransformer.
_DUPLICATE = re.compile(
    r"\.layers\.\d+\.(in_proj_weight|in_proj_bias|out_proj_weight|out_proj_bias|fc[12]_weight|fc[12]_bias)$"
)


_JOINED = re.compile(r"(.*\.self_attn\.)in_proj_(weight|bias)$")


def rename_stock_keys(state: dict[str, Any], prefix: str) -> None:
    """Bring keys of older stock checkpoints to today's names and drop dead weights, in place.

    The first RoBERTa checkpoints hold the projections of queries, keys and values as one matrix ``(3 H, H)``.
    """
    for key in list(state):
        name = key
        if name.startswith(f"{prefix}decoder."):
            name = f"{prefix}encoder." + name[len(prefix) + len("decoder.") :]
        name = name.replace(".emb_layer_norm.", ".layernorm_embedding.")
        if _DUPLICATE.search(name) or name.endswith("sentence_encoder.version"):
            del state[key]
        elif joined := _JOINED.match(name):
            for part, rows in zip("qkv", state.pop(key).chunk(3), strict=True):
                state[f"{joined[1]}{part}_proj.{joined[2]}"] = rows
        elif name != key:
            state[name] = state.pop(key)


def check_vocabulary(state: dict[str, Any], prefix: str, expected: Tensor) -> None:
    """Refuse word embeddings of another shape.

    Args:
        state: a model's state dict.
        prefix: what stands before ``encoder.`` in its keys.
        expected: this model's word embeddings ``(V, H)``.

    Raises:
        InputError: when the checkpoint's vocabulary or hidden size differs.
    """
    found = state.get(f"{prefix}encoder.sentence_encoder.embed_tokens.weight")
    if found is None or found.shape == expected.shape:
        return
    if found.size(0) != expected.size(0):
        raise InputError(
            f"the checkpoint has a vocabulary of {found.size(0)} symbols, the data's dict.txt gives "
            f"{expected.size(0)}; use the data (or the checkpoint) of the same language pair"
        )
    raise InputError(
        f"the checkpoint has hidden size {found.size(1)}, the model {expected.size(1)}; pass the --arch and "
        "size options of the pre-training run"
    )


def fit_heads(state: dict[str, Any], prefix: str, heads: nn.ModuleDict) -> list[str]:
    """Make the classification heads of ``state`` those of the model, in place.

    Heads that the model lacks, or has in another shape, are dropped; heads that the checkpoint lacks keep their
    fresh weights.

    Returns:
        The names of the dropped heads.
    """
    start = f"{prefix}classification_heads."
    own = {start + key: value for key, value in heads.state_dict().items()}
    found = {key for key in state if key.startswith(start)}
    unfit = {
        key.removeprefix(start).split(".")[0] for key in found if key not in own or own[key].shape != state[key].shape
    }
    for key in found:
        if key.removeprefix(start).split(".")[0] in unfit:
            del state[key]
    for key, value in own.items():
        state.setdefault(key, value)
    return sorted(unfit)
