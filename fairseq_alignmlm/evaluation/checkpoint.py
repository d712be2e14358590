"""What is inside a fairseq checkpoint, read without building the model or running its pickle."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_startup.patches.checkpoint_loading import load_restricted

WORDS = "encoder.sentence_encoder.embed_tokens.weight"
LANGUAGES = "encoder.sentence_encoder.embed_languages.weight"


@dataclass(frozen=True)
class CheckpointEmbeddings:
    """What the alignment score needs of a model.

    Attributes:
        words: input word embeddings, of shape (V, H), float32.
        languages: language embeddings of shape (L + 1, H), row 0 padding; None for a model without.
        language_names: the languages of rows 1 to L, as the run recorded them; empty when it did not.
        updates: updates trained, when the checkpoint says so.
        identity: the vocabulary, languages and transformation of the run, as far as it recorded them.
        random_tokens: where the random replacement tokens of the run came from; empty when it did not say.
    """

    words: Tensor
    languages: Tensor | None
    language_names: tuple[str, ...]
    updates: int | None
    identity: Identity
    random_tokens: str

    def language_vectors(self, first: str | None, second: str | None) -> tuple[Tensor, Tensor] | None:
        """Return the embeddings of two languages, or None for a model without language IDs.

        Args:
            first: name of L1; by default the first language of the run.
            second: name of L2; by default the second language of the run.

        Raises:
            InputError: when the model has language embeddings but not for such a name.
        """
        if self.languages is None:
            return None
        count = len(self.languages) - 1
        names = self.language_names
        if not names and first and second and count == 2:
            names = (first, second)
        if first is None and second is None and len(names) == 2:
            first, second = names
        rows = []
        for name in (first, second):
            if name not in names or names.index(name) >= count:
                known = ", ".join(names) or f"{count} without names"
                raise InputError(
                    f"the model has language embeddings ({known}), but {name!r} is not one of them;"
                    " name both with --languages L1,L2"
                )
            rows.append(self.languages[names.index(name) + 1])
        return rows[0], rows[1]


def read_state(checkpoint: Path) -> dict[str, Any]:
    """Read a checkpoint on the CPU without running anything in it; tensors are mapped into memory where they can be.

    Only tensors, plain data and ``argparse.Namespace`` are accepted; anything else is refused unread.

    Raises:
        InputError: when the file is missing, is no checkpoint of fairseq, or is refused.
    """
    if not checkpoint.is_file():
        raise InputError.at(
            checkpoint, None, "there is no such checkpoint", "train the model first, or correct the path"
        )
    mapped = zipfile.is_zipfile(checkpoint)  # not so those of torch before 1.6
    state = load_restricted(torch, str(checkpoint), map_location="cpu", mmap=mapped)
    if not isinstance(state, dict) or not isinstance(state.get("model"), dict):
        raise InputError.at(checkpoint, None, "holds no model", "give a checkpoint of fairseq-train")
    return state


def settings_of(state: dict[str, Any], part: str) -> dict[str, Any]:
    """Return the settings of the run that a checkpoint keeps; those of older checkpoints are not parted.

    Args:
        state: what `read_state` returns.
        part: ``model`` or ``task``.
    """
    settings = state.get("cfg")
    found = settings.get(part) if isinstance(settings, dict) else state.get("args")
    return found if isinstance(found, dict) else vars(found) if hasattr(found, "__dict__") else {}


def identity_of(state: dict[str, Any]) -> Identity:
    """Return what a checkpoint keeps of the data it was trained on; nothing is known of older and foreign ones.

    Raises:
        InputError: when what it keeps is broken.
    """
    kept = (state.get("task_state") or {}).get("identity") or {}
    try:
        found = Identity.of_json(kept)
    except ValueError as error:
        raise InputError(f"the checkpoint's identity is broken ({error}); train it again") from None
    return found if found.languages else replace(found, languages=language_names(state))


def language_names(state: dict[str, Any]) -> tuple[str, ...]:
    """Return the languages of the run in the order of their embeddings; none when the checkpoint does not say them."""
    kept = (state.get("task_state") or {}).get("languages")
    if kept:
        return tuple(kept)
    names = settings_of(state, "task").get("languages") or ""
    return tuple(name for name in str(names).split(",") if name)


def read_checkpoint_embeddings(path: str | Path) -> CheckpointEmbeddings:
    """Read the embeddings of a fairseq checkpoint on the CPU.

    Raises:
        InputError: see `read_state`; or when it holds another kind of model.
    """
    path = Path(path)
    state = read_state(path)
    model = state["model"]
    if not isinstance(model.get(WORDS), Tensor):
        raise InputError.at(path, None, f"holds no {WORDS}", "give a checkpoint of multilingual_roberta or roberta")
    languages = model.get(LANGUAGES)
    history = state.get("optimizer_history") or []
    return CheckpointEmbeddings(
        words=model[WORDS].float(),
        languages=None if languages is None else languages.float(),
        language_names=language_names(state),
        updates=history[-1].get("num_updates") if history and isinstance(history[-1], dict) else None,
        identity=identity_of(state),
        random_tokens=str(settings_of(state, "task").get("random_token_scope") or ""),
    )
