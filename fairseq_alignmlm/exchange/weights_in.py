"""The weights of a Hugging Face folder under this package's names, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.families import (
    HEADS,
    LANGUAGES,
    MASKED,
    OUTPUT_BIAS,
    POSITIONS,
    SENTENCE_HEAD,
    TIED,
    WORDS,
    Family,
)
from fairseq_alignmlm.exchange.source import Source
from fairseq_alignmlm.exchange.tensors import TensorFolder

if TYPE_CHECKING:
    from torch import Tensor

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


def from_folder(tensors: TensorFolder, source: Source, types_are_languages: bool, fresh_lm_head: bool) -> Conversion:
    """Read the weights of a folder.

    Args:
        tensors: of the folder.
        source: what its small files say.
        types_are_languages: token types 1..L are languages; else every token has type 0.
        fresh_lm_head: give a folder without a masked language modelling head a fresh one.

    Raises:
        InputError: when tensors are missing, unknown or of another shape, or the output projection is not tied.
    """
    family = source.family
    _bring_names_up_to_date(tensors, family)
    modules = _Modules.of(tensors, source)
    needed = modules.needed(family)
    missing = sorted(needed - tensors.keys())
    if missing:
        what = f"lacks {_named(missing)}"
        raise InputError.at(source.folder, None, what, "get the folder again, or correct config.json")
    reader, done = _Reader(tensors, source), Conversion(dropped=_sort_out(tensors, needed, source))
    done.weights[WORDS] = reader.by_row(family.words, reader.width)
    _put_positions(done, reader, types_are_languages)
    for ours, theirs in modules.encoder + modules.head + modules.lm_head:
        done.weights[ours] = reader.read(theirs, *reader.shape_of(ours))
    if modules.lm_head:
        done.weights[OUTPUT_BIAS] = reader.by_row(family.output_bias)
        _check_tied(tensors, source, done)
    elif fresh_lm_head or source.kind is not None:
        _add_fresh_head(done, family, reader.width, source.config["vocab_size"])
    else:
        key = next(family.lm_head_keys())[1]
        remedy = "give --fresh-lm-head for one with fresh weights (enough for `measure` and for fine-tuning)"
        raise InputError.at(source.folder, None, f"has no masked language modelling head ({key})", remedy)
    done.weights[TIED] = done.weights[WORDS]
    done.dtype = reader.dtypes.pop() if len(reader.dtypes) == 1 else "float32"
    return done


class _Modules(NamedTuple):
    """Keys to read, ours and theirs, embeddings and the output bias not among them.

    Attributes:
        encoder: of the layers.
        head: of a fine-tuned model's head.
        lm_head: of the masked language modelling head; empty where there is none.
    """

    encoder: list[tuple[str, str]]
    head: list[tuple[str, str]]
    lm_head: list[tuple[str, str]]

    @classmethod
    def of(cls, tensors: TensorFolder, source: Source) -> _Modules:
        family, kind = source.family, source.kind
        lm_head = [*family.lm_head_keys()]
        if kind != MASKED and not (kind is None and lm_head[0][1] in tensors):
            lm_head = []
        head = [*family.head_keys(kind)] if kind not in (None, MASKED) else []
        return cls([*family.encoder_keys(source.settings["encoder_layers"])], head, lm_head)

    def needed(self, family: Family) -> set[str]:
        """Return all keys that the folder has to hold."""
        found = {theirs for part in self for _, theirs in part} | {family.words, family.positions}
        found |= {family.types} if family.token_types else set()
        return found | ({family.output_bias} if self.lm_head else set())


class _Reader:
    """Reads the tensors of a folder, as float32, and checks their shapes.

    Attributes:
        source: what the folder's small files say.
        dtypes: of the folder's tensors, as far as they were read.
    """

    def __init__(self, tensors: TensorFolder, source: Source) -> None:
        self._tensors, self.source = tensors, source
        self.dtypes: set[str] = set()
        self.width: int = source.settings["encoder_embed_dim"]
        self._labels = len(source.labels())

    def read(self, key: str, *shape: int) -> Tensor:
        tensor, path = self._tensors.read(key), self.source.folder
        if tuple(tensor.shape) != shape:
            what = f"{key} has shape {tuple(tensor.shape)}, config.json gives {shape}"
            raise InputError.at(path, None, what, "get the folder again")
        self.dtypes.add(str(tensor.dtype).removeprefix("torch."))
        if "float64" in self.dtypes:
            raise InputError.at(path, None, f"{key} is float64, which float32 cannot hold", "save it as float32")
        return tensor.float()

    def by_row(self, key: str, *shape: int) -> Tensor:
        """Return a tensor with a row for every symbol, in the order that rows have here."""
        tensor, order = self.read(key, self.source.config["vocab_size"], *shape), self.source.tokenizer.order
        return tensor if order.is_identity else tensor[list(order.ids)]

    def shape_of(self, ours: str) -> tuple[int, ...]:
        """Return the shape of a module of the encoder or of a head."""
        inner, last = self.source.settings["encoder_ffn_embed_dim"], ours.startswith(HEADS) and ".out_proj." in ours
        rows = inner if ".fc1." in ours else self._labels if last else self.width
        columns = inner if ".fc2." in ours else self.width
        norm = "layer_norm" in ours or "layernorm" in ours
        return (rows, columns) if ours.endswith("weight") and not norm else (rows,)


def _bring_names_up_to_date(tensors: TensorFolder, family: Family) -> None:
    for key in sorted(tensors.keys()):
        for old, new in OLD_NORMS.items():
            if key.endswith(f"LayerNorm{old}"):
                tensors.rename(key, key.removesuffix(old) + new)
    if family.words not in tensors and family.words.removeprefix(family.prefix) in tensors:
        for key in sorted(tensors.keys()):  # an encoder that was saved without a head
            tensors.rename(key, family.prefix + key)


def _sort_out(tensors: TensorFolder, needed: set[str], source: Source) -> list[str]:
    """Return what is left out with good reason; refuse what nobody knows."""
    family, path = source.family, source.folder
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


def _put_positions(done: Conversion, reader: _Reader, types_are_languages: bool) -> None:
    import torch

    family, config, width = reader.source.family, reader.source.config, reader.width
    types = reader.read(family.types, config["type_vocab_size"], width) if family.token_types else None
    table = reader.read(family.positions, config["max_position_embeddings"], width)
    first = config["pad_token_id"] + 1 if family.positions_from_padding else 0
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


def _check_tied(tensors: TensorFolder, source: Source, done: Conversion) -> None:
    """Make sure that the output projection is the word embeddings, as it is here."""
    import torch

    family, order, path = source.family, source.tokenizer.order, source.folder
    rows = order.rows()

    def original(name: str) -> Tensor:
        return done.weights[name] if order.is_identity else done.weights[name][rows]

    found = [key for key in family.output_copies() if key in tensors]
    remedy = "a model with its own output projection cannot be converted"
    if not found and source.config.get("tie_word_embeddings") is False:
        raise InputError.at(path, None, "tie_word_embeddings is false and the output projection is missing", remedy)
    for key in found:
        if not torch.equal(tensors.read(key).float(), original(WORDS)):
            raise InputError.at(path, None, f"{key} differs from the word embeddings", remedy)
    for key in family.bias_copies():
        if key in tensors and not torch.equal(tensors.read(key).float(), original(OUTPUT_BIAS)):
            raise InputError.at(path, None, f"{key} differs from {family.output_bias}", "get the folder again")


def _add_fresh_head(done: Conversion, family: Family, width: int, size: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(1)
    for ours, _ in family.lm_head_keys():
        norm, weight = "layer_norm" in ours, ours.endswith("weight")
        if norm or not weight:
            done.weights[ours] = torch.full((width,), 1.0 if weight else 0.0)
        else:
            done.weights[ours] = torch.empty(width, width).normal_(0.0, 0.02, generator=generator)
    done.weights[OUTPUT_BIAS] = torch.zeros(size)
    done.fresh.append("lm_head")


def pooler_head(tensors: TensorFolder, source: Source, classes: int) -> dict[str, Tensor]:
    """Return a sentence head whose dense layer is the pooler's and whose last layer is fresh, as BERT is fine-tuned.

    Raises:
        InputError: when the folder has no pooler.
    """
    import torch

    family, width = source.family, source.settings["encoder_embed_dim"]
    if f"{family.pooler}weight" not in tensors:
        raise InputError.at(source.folder, None, f"has no {family.pooler}weight", "leave --pooler-head out")
    head = {f"dense.{part}": tensors.read(f"{family.pooler}{part}").float() for part in ("weight", "bias")}
    head["out_proj.weight"] = torch.empty(classes, width).normal_(0.0, 0.02, generator=torch.Generator().manual_seed(1))
    head["out_proj.bias"] = torch.zeros(classes)
    return {f"{HEADS}{SENTENCE_HEAD}.{name}": tensor for name, tensor in head.items()}


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
