"""A Hugging Face folder becomes a fairseq checkpoint with its dict.txt and tokenizer."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.configuration import unknown_fields
from fairseq_alignmlm.exchange.families import MASKED, SEQUENCE, TOKENS
from fairseq_alignmlm.exchange.source import Source
from fairseq_alignmlm.exchange.tensors import TensorFolder
from fairseq_alignmlm.exchange.tokenizer import SOURCE
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.exchange.weights_in import Conversion, from_folder, pooler_head
from fairseq_alignmlm.identity import Identity, hash_file, hash_symbols
from fairseq_alignmlm.lexicon.vocabulary import write_symbols
from fairseq_alignmlm.storage import atomic_path, sha256_of, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

DICT = "dict.txt"
SIDE_FILES = ("tokenizer_config.json", "special_tokens_map.json")
# Settings of a run that those of a task refer to.
RUN: dict[str, Any] = {
    "common": {"seed": 1},
    "dataset": {"batch_size": 32, "curriculum": 0},
    "checkpoint": {"save_dir": "checkpoints", "restore_file": "checkpoint_last.pt", "finetune_from_model": None},
}
TASKS = {TOKENS: "xtreme_tagging", SEQUENCE: "xtreme_classification", MASKED: "multilingual_mlm"}


def import_folder(
    folder: Path,
    target: Path,
    languages: Sequence[str] | None = None,
    fresh_lm_head: bool = False,
    pooler_classes: int | None = None,
) -> dict[str, Any]:
    """Convert a folder and write ``target`` with dict.txt, tokenizer.json and source.json beside it.

    Args:
        folder: of the Hugging Face model.
        target: the checkpoint to write; its folder must not hold another vocabulary.
        languages: what token types 1, 2, ... stand for; by default what an export recorded.
        fresh_lm_head: give a model without a masked language modelling head a fresh one.
        pooler_classes: make the pooler the dense layer of a sentence head with so many classes.

    Returns:
        What was done, as ``source.json`` has it.

    Raises:
        InputError: when the folder is broken, or holds what cannot be converted exactly.
    """
    import torch

    source = Source.read(folder)
    names = source.languages(languages)
    labels = source.labels()
    tensors = TensorFolder(folder)
    paths = [*tensors.paths, folder / TOKENIZER]
    with ThreadPoolExecutor(1) as reader:  # hashing takes as long as all the rest
        hashes = reader.submit(lambda: {path.name: sha256_of(path) for path in paths})
        done = from_folder(tensors, source, bool(names), fresh_lm_head)
    if pooler_classes is not None:
        done.weights |= pooler_head(tensors, source, pooler_classes)
    settings = source.settings | {"language_embeddings": bool(names)}
    record = _record(source, done, names, hashes.result())
    beside = target.parent
    _check_beside(beside, source)
    state = checkpoint_state(done.weights, settings, source.kind or MASKED, beside, names, labels)
    symbols = source.tokenizer.order.symbols
    identity = Identity(hash_symbols(symbols), "", hash_file(folder / TOKENIZER), tuple(names))
    state["task_state"]["identity"] = identity.as_json()
    state["exchange"] = {"kept": done.kept, "source": record}
    write_symbols(beside / DICT, symbols, dict.fromkeys(symbols, 1))
    for name in (TOKENIZER, *SIDE_FILES):
        if (folder / name).is_file():
            with atomic_path(beside / name) as path:
                shutil.copyfile(folder / name, path)
    write_json(beside / SOURCE, record)
    with atomic_path(target) as path:
        torch.save(state, path)
    return record


def _record(source: Source, done: Conversion, names: list[str], hashes: dict[str, str]) -> dict[str, Any]:
    order = source.tokenizer.order
    return {
        "version": __version__,
        "family": source.family.model_type,
        "kind": source.kind,
        "config": source.config,
        "special_tokens": source.special,
        "dtype": done.dtype,
        "languages": names,
        "rows": len(order.ids),
        "rows_in_the_source_order": order.is_identity,
        "rows_without_a_token": order.fillers,
        "tokens_respelled_in_dict": order.respelled,
        "dropped": done.dropped,
        "fresh": done.fresh,
        "unknown_settings": unknown_fields(source.config, source.family),
        "files": hashes,
    }


def _check_beside(beside: Path, source: Source) -> None:
    """Refuse to put a second vocabulary into a folder: the checkpoint that is there would lose its own."""
    path = beside / TOKENIZER
    if path.is_file() and sha256_of(path) != sha256_of(source.folder / TOKENIZER):
        raise InputError.at(path, None, "is the tokenizer of another model", "give --to a folder of its own")
    if (beside / DICT).is_file() and not path.is_file():
        raise InputError.at(beside / DICT, None, "is of another model", "give --to a folder of its own")


def checkpoint_state(
    weights: dict[str, Any],
    settings: dict[str, Any],
    kind: str,
    data: Path,
    languages: Sequence[str],
    labels: Sequence[str],
) -> dict[str, Any]:
    """Return what fairseq expects in a checkpoint that no run has written.

    Args:
        weights: the model's state dict.
        settings: those of `MultilingualRobertaConfig`.
        kind: what the model is for.
        data: the folder of dict.txt.
        languages: of the language embeddings.
        labels: of a fine-tuned model, in the order of its outputs.
    """
    task: dict[str, Any] = {"_name": TASKS[kind], "data": str(data), "languages": ",".join(languages) or None}
    if kind != MASKED:
        task |= {"language": languages[0] if languages else None, "max_length": min(512, settings["max_positions"])}
    task_state: dict[str, Any] = {"labels": list(labels)} if labels else {"languages": list(languages)}
    model = {"_name": "multilingual_roberta", **settings}
    return {
        "args": None,
        "cfg": {"_name": None, **RUN, "task": task, "model": model},
        "model": weights,
        "criterion": None,
        "optimizer_history": [{"num_updates": 0, "criterion_name": "", "optimizer_name": "", "lr_scheduler_state": {}}],
        "task_state": task_state,
        "extra_state": {"epoch": 0, "train_iterator": {"epoch": 1}, "val_loss": None},
        "last_optimizer_state": None,
    }
