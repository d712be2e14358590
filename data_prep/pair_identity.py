"""The identity of a pair's files: its vocabulary, its languages, how the derived one is made of the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity, hash_file

from .languages.transforms import compose
from .manifest import read_record
from .pair import Pair

NATURAL, SAME_ORDER = "natural", "none"  # transformations of natural languages, and of words that keep their order
SETTING = "transformation"  # of the step that derives a text


def name_transformation(specifications: Sequence[str], seed: int) -> str:
    """Return what tells a transformation of words from all others, such as ``inv seed=1``.

    Files count by their content, not by where they are.

    Args:
        specifications: as ``--transform`` takes them, in the order of application.
        seed: of the transformations.

    Raises:
        InputError: one of them is unknown or lacks a file.
    """
    if not specifications:
        return SAME_ORDER
    files = "".join(sorted({hash_file(path) for path in compose(specifications).input_files}))
    names = " ".join(map(_without_folders, specifications))
    return f"{names} seed={seed}" + (f" files={files}" if files else "")


def _without_folders(specification: str) -> str:
    name, _, settings = specification.partition(":")
    kept = [setting for setting in settings.split(",") if setting and not setting.startswith("models=")]
    kept = [f"{key}={Path(value).name}" for key, _, value in (setting.partition("=") for setting in kept)]
    return name + (":" + ",".join(kept) if kept else "")


def transformation_of(pair: Pair, derived: str | None) -> str:
    """Return how the text of the derived language was made; nothing where no record says it.

    Args:
        pair: the pair.
        derived: the derived language; None for natural languages.
    """
    if derived is None:
        return NATURAL
    record = read_record(pair.text(derived)) or {}
    return str(record.get("settings", {}).get(SETTING, ""))


def identity_of_pair(pair: Pair, language: str = "") -> Identity:
    """Return the identity of a pair's vocabulary, as `encode` has written it, or as dict.txt and the model say it.

    Args:
        pair: the pair.
        language: the one that the data are in.

    Raises:
        InputError: dict.txt is missing or broken, or it or the model is not the one that the identity was written for.
    """
    found = Identity.of_dict(pair.symbols)
    if pair.model.is_file():
        own = Identity(sentencepiece=hash_file(pair.model))
        remedy = "run `encode` again"
        found.require(own, pair.model, str(pair.symbols.with_name(FILE_NAME)), remedy, ("sentencepiece",))
        found = replace(found, sentencepiece=own.sentencepiece)
    return replace(found, language=language)


def of_dictionary(data: Identity, languages: Sequence[str]) -> Identity:
    """Return what a dictionary keeps of the data's identity: not the text, which may be another.

    Args:
        data: that of dict.txt.
        languages: of the left and the right side.

    Raises:
        InputError: the data know their languages, and these are not among them.
    """
    unknown = [name for name in languages if data.languages and name not in data.languages]
    if unknown:
        raise InputError(f"--languages: {unknown[0]} is not one of the vocabulary's, {','.join(data.languages)}")
    return Identity(data.symbols, sentencepiece=data.sentencepiece, languages=tuple(languages))
