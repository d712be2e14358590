"""The weights of one model under the names of either side, and the ways to and fro, which are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.families import (
    LANGUAGES,
    MASKED,
    OUTPUT_BIAS,
    POSITIONS,
    TIED,
    WORDS,
    Family,
)
from fairseq_alignmlm.exchange.symbols import RowOrder

if TYPE_CHECKING:
    from torch import Tensor

    from fairseq_alignmlm.exchange.tensors import TensorFolder

PADDING = 1  # row of <pad> here
SHOWN = 5
OLD_NORMS = {".gamma": ".weight", ".beta": ".bias"}  # of BERT folders converted from TensorFlow


@dataclass
class Conversion:
    """What came of reading a folder's weights.

    Attributes:
        weights: under this package's names, float32.
        kept: what the way back needs: the position table and the token types before they were added up.
        dropped: tensors that this package has no place for.
        dtype: of the folder's weights.
        fresh: modules that the folder lacks and that have fresh weights.
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    dtype: str = "float32"
    fresh: list[str] = field(default_factory=list)


def from_folder(
    tensors: TensorFolder,
    family: Family,
    kind: str | None,
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    order: RowOrder,
    types_are_languages: bool,
    fresh_lm_head: bool,
    labels: int,
    path: Path,
) -> Conversion:
    """Read the weights of a folder.

    Args:
        tensors: of the folder.
        family: its family.
        kind: what the model is for.
        settings: what `settings_from` returns.
        config: ``config.json``.
        order: of the vocabulary's rows.
        types_are_languages: token types 1..L are languages; else every token has type 0.
        fresh_lm_head: give a folder without a masked language modelling head a fresh one.
        labels: outputs of the head of a fine-tuned model.
        path: the folder, for messages.

    Raises:
        InputError: when tensors are missing, unknown or of another shape, or the output projection is not tied.
    """
    _bring_names_up_to_date(tensors, family)
    done = Conversion()
    width, inner, layers = (settings[name] for name in ("encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_layers"))
    size, positions = config["vocab_size"], config["max_position_embeddings"]
    wanted = [*family.encoder_keys(layers)]
    heads = [*family.head_keys(kind)] if kind not in (None, MASKED) else []
    lm_head = [*family.lm_head_keys()]
    with_head = kind == MASKED or (kind is None and lm_head[0][1] in tensors)
    needed = {theirs for _, theirs in [*wanted, *heads, *(lm_head if with_head else [])]}
    needed |= {family.words, family.positions, *([family.output_bias] if with_head else [])}
    needed |= {family.types} if family.token_types else set()
    missing = sorted(needed - tensors.keys())
    if missing:
        raise InputError.at(path, None, f"lacks {_named(missing)}", "get the folder again, or correct config.json")
    done.dropped = _sort_out(tensors, needed, family, path)

    dtypes = set()

    def read(key: str, *shape: int) -> Tensor:
        tensor = tensors.read(key)
        if tuple(tensor.shape) != shape:
            what = f"{key} has shape {tuple(tensor.shape)}, config.json gives {shape}"
            raise InputError.at(path, None, what, "get the folder again")
        dtypes.add(str(tensor.dtype).removeprefix("torch."))
        if "float64" in dtypes:
            raise InputError.at(path, None, f"{key} is float64, which float32 cannot hold", "save it as float32")
        return tensor.float()

    def shape_of(ours: str) -> tuple[int, ...]:
        rows = inner if ".fc1." in ours else width
        columns = inner if ".fc2." in ours else width
        norm = "layer_norm" in ours or "layernorm" in ours
        return (rows, columns) if ours.endswith("weight") and not norm else (rows,)

    words = read(family.words, size, width)
    done.weights[WORDS] = words if order.is_identity else words[list(order.ids)]
    del words
    types = read(family.types, config["type_vocab_size"], width) if family.token_types else None
    table = read(family.positions, positions, width)
    _put_positions(done, table, types, family, types_are_languages, config)
    for ours, theirs in wanted:
        done.weights[ours] = read(theirs, *shape_of(ours))
    for ours, theirs in heads:
        last = ours.endswith(("out_proj.weight", "out_proj.bias"))
        rows = labels if last else width
        done.weights[ours] = read(theirs, *((rows, width) if ours.endswith("weight") else (rows,)))
    if with_head:
        for ours, theirs in lm_head:
            done.weights[ours] = read(theirs, *shape_of(ours))
        bias = read(family.output_bias, size)
        done.weights[OUTPUT_BIAS] = bias if order.is_identity else bias[list(order.ids)]
        _check_tied(tensors, family, config, order, done, path)
    elif fresh_lm_head or kind is not None:
        _add_fresh_head(done, lm_head, width, size)
    else:
        remedy = "give --fresh-lm-head for one with fresh weights (enough for `measure` and for fine-tuning)"
        raise InputError.at(path, None, f"has no masked language modelling head ({_named([lm_head[0][1]])})", remedy)
    done.weights[TIED] = done.weights[WORDS]
    done.dtype = dtypes.pop() if len(dtypes) == 1 else "float32"
    return done


def _bring_names_up_to_date(tensors: TensorFolder, family: Family) -> None:
    for key in sorted(tensors.keys()):
        for old, new in OLD_NORMS.items():
            if key.endswith(f"LayerNorm{old}"):
                tensors.rename(key, key.removesuffix(old) + new)
    if family.words not in tensors and family.words.removeprefix(family.prefix) in tensors:
        for key in sorted(tensors.keys()):  # an encoder that was saved without a head
            tensors.rename(key, family.prefix + key)


def _sort_out(tensors: TensorFolder, needed: set[str], family: Family, path: Path) -> list[str]:
    """Return what is left out with good reason; refuse what nobody knows."""
    copies = {*family.output_copies(), *family.bias_copies()}
    dropped: list[str] = []
    unknown: list[str] = []
    for key in sorted(tensors.keys() - needed - copies):
        if family.is_buffer(key):
            continue
        without_purpose = key.startswith(family.pooler) or family.is_next_sentence(key)
        (dropped if without_purpose else unknown).append(key)
    head = {theirs for _, theirs in family.lm_head_keys()} | {family.output_bias}
    if unknown and set(unknown) <= head:
        return [*dropped, *unknown]  # a fine-tuned model that kept the head of its pre-training
    if unknown:
        what = f"holds {_named(unknown)}, for which there is no place"
        raise InputError.at(path, None, what, "this is another kind of model, or config.json is of another")
    return dropped


def _put_positions(
    done: Conversion,
    table: Tensor,
    types: Tensor | None,
    family: Family,
    types_are_languages: bool,
    config: Mapping[str, Any],
) -> None:
    import torch

    first = config["pad_token_id"] + 1 if family.positions_from_padding else 0
    width = table.size(1)
    if types_are_languages and types is not None:
        done.weights[LANGUAGES] = types
        moved = first == PADDING + 1
        done.weights[POSITIONS] = table if moved else torch.cat((table.new_zeros(PADDING + 1, width), table[first:]))
        if not moved:
            done.kept["positions"] = table
        return
    folds = types is not None and bool(types[0].any())
    if first == PADDING + 1 and not folds:
        done.weights[POSITIONS] = table
    else:
        rows = table[first:] + types[0] if folds and types is not None else table[first:]
        done.weights[POSITIONS] = torch.cat((table.new_zeros(PADDING + 1, width), rows))
        done.kept["positions"] = table
    if types is not None:
        done.kept["types"] = types


def _check_tied(
    tensors: TensorFolder,
    family: Family,
    config: Mapping[str, Any],
    order: RowOrder,
    done: Conversion,
    path: Path,
) -> None:
    """Make sure that the output projection is the word embeddings, as it is here."""
    import torch

    rows = order.rows()

    def original(name: str) -> Tensor:
        return done.weights[name] if order.is_identity else done.weights[name][rows]

    found = [key for key in family.output_copies() if key in tensors]
    remedy = "a model with its own output projection cannot be converted"
    if not found and config.get("tie_word_embeddings") is False:
        raise InputError.at(path, None, "tie_word_embeddings is false and the output projection is missing", remedy)
    for key in found:
        if not torch.equal(tensors.read(key).float(), original(WORDS)):
            raise InputError.at(path, None, f"{key} differs from the word embeddings", remedy)
    for key in family.bias_copies():
        if key in tensors and not torch.equal(tensors.read(key).float(), original(OUTPUT_BIAS)):
            raise InputError.at(path, None, f"{key} differs from {family.output_bias}", "get the folder again")


def _add_fresh_head(done: Conversion, lm_head: list[tuple[str, str]], width: int, size: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(1)
    for ours, _ in lm_head:
        norm, weight = "layer_norm" in ours, ours.endswith("weight")
        if norm or not weight:
            done.weights[ours] = torch.full((width,), 1.0 if weight else 0.0)
        else:
            done.weights[ours] = torch.empty(width, width).normal_(0.0, 0.02, generator=generator)
    done.weights[OUTPUT_BIAS] = torch.zeros(size)
    done.fresh.append("lm_head")


def to_folder(
    weights: Mapping[str, Tensor],
    family: Family,
    kind: str,
    layers: int,
    order: RowOrder | None,
    kept: Mapping[str, Tensor],
    config: Mapping[str, Any],
) -> dict[str, Tensor]:
    """Return a model's weights under the names of a folder.

    Args:
        weights: under this package's names.
        family: the folder's family.
        kind: what the model is for.
        layers: how many layers it has.
        order: of the vocabulary's rows; None where both sides number alike.
        kept: what `from_folder` kept; used where it still belongs to the weights, byte for byte.
        config: ``config.json`` of the folder.
    """
    rows = None if order is None or order.is_identity else order.rows()

    def by_id(tensor: Tensor) -> Tensor:
        return tensor if rows is None else tensor[rows]

    found = {family.words: by_id(weights[WORDS])}
    found |= _positions_and_types(weights, family, kept, config)
    pairs = [*family.encoder_keys(layers)]
    pairs += family.lm_head_keys() if kind == MASKED else family.head_keys(kind)
    found |= {theirs: weights[ours] for ours, theirs in pairs}
    if kind == MASKED:
        found[family.output_bias] = by_id(weights[OUTPUT_BIAS])
    return found


def _positions_and_types(
    weights: Mapping[str, Tensor], family: Family, kept: Mapping[str, Tensor], config: Mapping[str, Any]
) -> dict[str, Tensor]:
    import torch

    table = weights[POSITIONS]
    first = config["pad_token_id"] + 1 if family.positions_from_padding else 0
    languages = weights.get(LANGUAGES)
    before, types = kept.get("positions"), kept.get("types")
    if languages is not None:
        types = languages
    if before is not None:
        again = before[first:]
        if languages is None and types is not None and bool(types[0].any()):
            again = again + types[0]
        unchanged = torch.equal(again, table[PADDING + 1 :])
    else:
        unchanged = False
    if unchanged and before is not None:
        positions = before
    elif first == PADDING + 1:
        positions = table
    else:
        positions = torch.cat((table.new_zeros(first, table.size(1)), table[PADDING + 1 :]))
    if before is not None and not unchanged and languages is None and types is not None:
        types = types - types[0]  # row 0 is part of the positions now
    if types is None:
        types = table.new_zeros(config.get("type_vocab_size", 1), table.size(1))
    return {family.positions: positions, **({family.types: types} if family.token_types else {})}


def pooler_head(tensors: TensorFolder, family: Family, classes: int, width: int, path: Path) -> dict[str, Tensor]:
    """Return a sentence head whose dense layer is the pooler's and whose last layer is fresh, as BERT is fine-tuned.

    Raises:
        InputError: when the folder has no pooler.
    """
    import torch

    if f"{family.pooler}weight" not in tensors:
        raise InputError.at(path, None, f"has no {family.pooler}weight", "leave --pooler-head out")
    head = {f"dense.{part}": tensors.read(f"{family.pooler}{part}").float() for part in ("weight", "bias")}
    head["out_proj.weight"] = torch.empty(classes, width).normal_(0.0, 0.02, generator=torch.Generator().manual_seed(1))
    head["out_proj.bias"] = torch.zeros(classes)
    from fairseq_alignmlm.exchange.families import HEADS, SENTENCE_HEAD

    return {f"{HEADS}{SENTENCE_HEAD}.{name}": tensor for name, tensor in head.items()}


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
