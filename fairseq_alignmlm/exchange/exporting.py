"""A checkpoint becomes a Hugging Face folder, and is compared with what transformers makes of it before it is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of, language_names, read_state, settings_of
from fairseq_alignmlm.exchange.configuration import EXACT_ACTIVATIONS, config_for
from fairseq_alignmlm.exchange.families import (
    FAMILIES,
    FIRST_HEAD,
    HEADS,
    LANGUAGES,
    MASKED,
    SENTENCE_HEAD,
    SEQUENCE,
    TOKEN_HEAD,
    TOKENS,
    Family,
)
from fairseq_alignmlm.exchange.model_card import model_card
from fairseq_alignmlm.exchange.own_model import build_own, model_settings
from fairseq_alignmlm.exchange.source import CONFIG
from fairseq_alignmlm.exchange.symbols import RowOrder
from fairseq_alignmlm.exchange.tensors import SINGLE, write_tensors
from fairseq_alignmlm.exchange.tokenizer_check import Mismatches, compare_tokenizers
from fairseq_alignmlm.exchange.verification import Agreement, compare
from fairseq_alignmlm.exchange.vocabulary_folder import (
    OWN_SPECIAL,
    ImportedVocabulary,
    OwnVocabulary,
    find_vocabulary,
    write_tokenizer,
)
from fairseq_alignmlm.exchange.weights_out import to_folder
from fairseq_alignmlm.identity import Identity, hash_symbols
from fairseq_alignmlm.storage import atomic_path, sha256_of

if TYPE_CHECKING:
    from torch import Tensor

RECORD = "conversion.json"
DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass
class Export:
    """A checkpoint on its way out.

    Attributes:
        checkpoint: its path.
        state: its content, with today's key names.
        vocabulary: where its symbols come from.
        kind: what the exported model is for.
        languages: in the order of the language embeddings, or of the run.
    """

    checkpoint: Path
    state: dict[str, Any]
    vocabulary: ImportedVocabulary | OwnVocabulary
    kind: str
    languages: list[str] = field(default_factory=list)

    @property
    def has_language_embeddings(self) -> bool:
        """Whether token types stand for languages."""
        return LANGUAGES in self.state["model"]

    @property
    def is_own(self) -> bool:
        """Whether the vocabulary was made here, not imported."""
        return isinstance(self.vocabulary, OwnVocabulary)


def export_checkpoint(
    checkpoint: Path,
    target: Path,
    vocabulary: Path | None = None,
    head: str | None = None,
    dtype: str = "auto",
    lines: Iterable[tuple[str, Path]] = (),
    data: Sequence[str] = (),
    licence: str | None = None,
) -> dict[str, Any]:
    """Write a Hugging Face folder, unless transformers computes anything else from it.

    Args:
        checkpoint: of a pre-training or fine-tuning run, of stock RoBERTa or XLM-R, or an imported one.
        target: the folder, which must not exist or be an earlier export.
        vocabulary: the folder of the pair or of the imported model, where it is not beside the checkpoint or its data.
        head: `masked`, or the name of a classification head (default: the head that there is, else masked).
        dtype: of the weights; ``auto`` is that of the imported folder where nothing is lost by it, else float32.
        lines: languages and files of text, whose ids are compared as well.
        data: lines about the training data and their licences, for the model card.
        licence: of the model, for the model card.

    Returns:
        What ``conversion.json`` holds.

    Raises:
        InputError: when something is missing or broken, cannot be said exactly in a Hugging Face folder, or
            transformers does not agree.
    """
    from fairseq_alignmlm.models.state import rename_stock_keys

    _check_target(target)
    state = read_state(checkpoint)
    rename_stock_keys(state["model"], "")
    task = settings_of(state, "task")
    found = find_vocabulary(checkpoint, task.get("data"), vocabulary)
    export = Export(checkpoint, state, found, _kind(state, head, checkpoint))
    export.languages = _languages(export)
    _check_vocabulary(export)
    settings = model_settings(state, checkpoint)
    family, config, order = _description(export, settings)
    kept = (state.get("exchange") or {}).get("kept") or {}
    tensors = to_folder(state["model"], family, export.kind, settings["encoder_layers"], order, kept, config)
    config["dtype"] = _dtype(export, tensors, dtype)
    own = build_own(state, checkpoint)
    with atomic_path(target, folder=True) as folder:
        folder.mkdir(parents=True)
        (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        write_tensors(folder / SINGLE, _converted(tensors, config["dtype"]))
        _write_tokenizers(export, folder, settings["max_positions"])
        agreement = compare(_rounded(own, config["dtype"]), folder, export.kind, order)
        if not agreement.holds:
            raise InputError.at(checkpoint, None, f"transformers computes something else: {agreement}", "not exported")
        mismatches = compare_tokenizers(export, folder, dict(lines))
        record = _record(export, folder, agreement, mismatches, config)
        (folder / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        card = model_card(export, config, record, data, licence)
        (folder / "README.md").write_text(card, encoding="utf-8")
    return record


def _check_target(target: Path) -> None:
    if target.exists() and not (target / RECORD).is_file() and any(target.iterdir() if target.is_dir() else [target]):
        raise InputError.at(target, None, "is there and no earlier export", "give --to a new folder")


def _kind(state: Mapping[str, Any], head: str | None, checkpoint: Path) -> str:
    start, end = HEADS, ".out_proj.weight"
    heads = {key.removeprefix(start).removesuffix(end) for key in state["model"] if key.startswith(start)}
    heads = {name for name in heads if f"{start}{name}{end}" in state["model"]}
    kinds = {TOKEN_HEAD: TOKENS, SENTENCE_HEAD: SEQUENCE}
    if head == "masked" or (head is None and not heads):
        return MASKED
    name = head or (next(iter(heads)) if len(heads) == 1 else None)
    if name not in heads or name not in kinds:
        known = ", ".join(["masked", *sorted(heads & kinds.keys())])
        raise InputError.at(checkpoint, None, f"heads: {', '.join(sorted(heads))}", f"give --head, one of {known}")
    return kinds[name]


def _languages(export: Export) -> list[str]:
    names = list(language_names(export.state))
    if not export.has_language_embeddings:
        return names
    count = len(export.state["model"][LANGUAGES]) - 1
    if len(names) != count:
        what = f"has {count} language embeddings, and names {','.join(names) or 'none'}"
        raise InputError.at(export.checkpoint, None, what, "it was made by an old version: train or import it again")
    return names


def _check_vocabulary(export: Export) -> None:
    from fairseq_alignmlm.exchange.families import WORDS

    found = export.vocabulary
    size = len(found.tokenizer) if isinstance(found, ImportedVocabulary) else len(found.rows)
    rows = len(export.state["model"][WORDS])
    where = found.folder if isinstance(found, ImportedVocabulary) else found.dictionary
    if size != rows:
        what = f"has {size:,} symbols, the checkpoint {rows:,}"
        raise InputError.at(where, None, what, "give --vocabulary, that of the checkpoint")
    symbols = found.tokenizer.order.symbols if isinstance(found, ImportedVocabulary) else list(found.rows)[4:-1]
    remedy = "give --vocabulary, that of the checkpoint"
    identity_of(export.state).require(Identity(hash_symbols(symbols)), where, "the checkpoint", remedy)


def _labels(export: Export) -> list[str]:
    labels = (export.state.get("task_state") or {}).get("labels")
    outputs = len(export.state["model"][f"{HEADS}{FIRST_HEAD[export.kind]}.out_proj.weight"])
    if not labels:
        raise InputError.at(export.checkpoint, None, "does not say its labels", "fine-tune it again")
    if len(labels) != outputs:
        raise InputError.at(
            export.checkpoint, None, f"{len(labels)} labels for {outputs} outputs", "fine-tune it again"
        )
    return list(labels)


def _description(export: Export, settings: dict[str, Any]) -> tuple[Family, dict[str, Any], RowOrder | None]:
    """Return the family, its ``config.json`` and the order of rows."""
    from fairseq_alignmlm.exchange.families import WORDS

    activation = str(settings["activation_fn"])
    if activation not in EXACT_ACTIVATIONS:
        raise InputError.at(export.checkpoint, None, f"activation {activation} is not exported", "only gelu and relu")
    if settings["no_layernorm_embedding"]:
        what = "no layer norm on the embeddings, which no class of transformers leaves out"
        raise InputError.at(export.checkpoint, None, what, "it cannot be exported")
    for name in ("language_positions", "language_specials"):
        if settings[name]:
            what = f"--{name.replace('_', '-')}, embeddings that no class of transformers has"
            raise InputError.at(export.checkpoint, None, what, "it cannot be exported")
    labels = _labels(export) if export.kind != MASKED else []
    types = len(export.languages) if export.has_language_embeddings else 0
    if isinstance(export.vocabulary, OwnVocabulary):
        family = FAMILIES["roberta-prelayernorm" if settings["encoder_normalize_before"] else "roberta"]
        size = len(export.state["model"][WORDS])
        config = config_for(family, export.kind, settings, size, types, labels)
        order = None
    else:
        record = export.vocabulary.record
        family, order = FAMILIES[record["family"]], export.vocabulary.tokenizer.order
        config = dict(record["config"]) | {"architectures": [f"{family.classes}{export.kind}"]}
        config["vocab_size"] = len(order.ids)
        if types:
            config["type_vocab_size"] = types + 1
        named = record["config"].get("id2label")
        same = named and ["_".join(str(label).split()) for label in named.values()] == labels
        if labels and not same and not (named is None and labels == ["LABEL_0", "LABEL_1"]):
            config["id2label"] = {str(number): label for number, label in enumerate(labels)}
            config["label2id"] = {label: number for number, label in enumerate(labels)}
        if bool(settings["encoder_normalize_before"]) != family.pre_norm:
            raise InputError.at(export.checkpoint, None, f"pre-norm is not that of {family.model_type}")
        if types and not family.token_types:
            raise InputError.at(export.checkpoint, None, f"{family.model_type} has no token types for languages")
    if types:
        config["language_names"] = export.languages
    if activation not in (family.lm_activation, activation if family.lm_activation is None else None) and (
        export.kind == MASKED
    ):
        what = f"the output layer has activation {activation}, that of {family.model_type} {family.lm_activation}"
        raise InputError.at(export.checkpoint, None, what, "it cannot be exported")
    if export.kind == SEQUENCE and settings["pooler_activation_fn"] != family.sentence_activation:
        what = f"the head has activation {settings['pooler_activation_fn']}, that of {family.model_type} "
        raise InputError.at(export.checkpoint, None, what + family.sentence_activation, "it cannot be exported")
    return family, config, order


def _dtype(export: Export, tensors: Mapping[str, Tensor], wanted: str) -> str:
    import torch

    if wanted != "auto":
        return wanted
    source = export.vocabulary.record["dtype"] if isinstance(export.vocabulary, ImportedVocabulary) else "float32"
    if source == "float32":
        return source
    dtype = getattr(torch, source)
    lossless = all(torch.equal(tensor.to(dtype).float(), tensor.float()) for tensor in tensors.values())
    return source if lossless else "float32"


def _converted(tensors: Mapping[str, Tensor], dtype: str) -> dict[str, Tensor]:
    import torch

    kind = getattr(torch, dtype)
    return {key: tensor.detach().to(kind).contiguous() for key, tensor in tensors.items()}


def _rounded(model: Any, dtype: str) -> Any:
    """Return the model with the weights that were written, so that rounding them is no difference."""
    import torch

    if dtype != "float32":
        kind = getattr(torch, dtype)
        for weight in model.parameters():
            weight.data = weight.data.to(kind).float()
    return model


def _write_tokenizers(export: Export, folder: Path, longest: int) -> None:
    """Write the first language's tokenizer into the folder, and one for each language where they differ."""
    found, types = export.vocabulary, export.has_language_embeddings
    names = export.languages or ["text"]
    for number, language in enumerate(names, 1):
        places = [folder] if number == 1 else []
        type_id = number if types else 0
        if isinstance(found, ImportedVocabulary):
            content, special = found.tokenizer_json(type_id), dict(found.record["special_tokens"])
            if number == 1 and not types:
                _copy_tokenizer(found, folder)
                return
        else:
            content, special = found.tokenizer_json(language, names[0], type_id), OWN_SPECIAL
        if types or (isinstance(found, OwnVocabulary) and any(found.symbols_of(name, names[0]) for name in names)):
            places.append(folder / language)
        for place in places:
            write_tokenizer(place, content, special, longest, types)


def _copy_tokenizer(found: ImportedVocabulary, folder: Path) -> None:
    import shutil

    from fairseq_alignmlm.exchange.importing import SIDE_FILES
    from fairseq_alignmlm.exchange.tokenizer_file import NAME

    for name in (NAME, *SIDE_FILES):
        if (found.folder / name).is_file():
            shutil.copyfile(found.folder / name, folder / name)


def _record(
    export: Export,
    folder: Path,
    agreement: Agreement,
    mismatches: Mapping[str, Mismatches],
    config: Mapping[str, Any],
) -> dict[str, Any]:
    import tokenizers
    import torch
    import transformers

    return {
        "version": __version__,
        "libraries": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
        "checkpoint": {"name": export.checkpoint.name, "sha256": sha256_of(export.checkpoint)},
        "class": config["architectures"][0],
        "dtype": config["dtype"],
        "languages": export.languages,
        "language_embeddings": export.has_language_embeddings,
        "logits": agreement.as_json(),
        "tokenizer": {language: found.as_json() for language, found in mismatches.items()},
        "files": {
            str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()
        },
    }
