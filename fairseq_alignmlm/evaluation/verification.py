"""What a checkpoint is used with, compared with what it was trained on."""

from __future__ import annotations

import logging
from pathlib import Path

from fairseq_alignmlm.data.binarized import require_same_vocabulary
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity, hash_file

logger = logging.getLogger(__name__)

OWN_FILES = "give the files of the checkpoint's own run"


def verify_vocabulary(model: Identity, checkpoint: Path, dict_file: Path, with_text: bool = False) -> Identity:
    """Compare a checkpoint with a ``dict.txt``.

    Args:
        model: the checkpoint's identity.
        checkpoint: the file.
        dict_file: the vocabulary to read its embeddings with.
        with_text: the number depends on how often symbols occur, so that the text has to be the run's, too.

    Returns:
        What the two know together.

    Raises:
        InputError: dict.txt is missing or broken, or one of the two is of another vocabulary, or of other text.
    """
    data = Identity.of_dict(dict_file)
    if not model.symbols:
        logger.warning("%s keeps no hash of its vocabulary: only its size was compared with %s", checkpoint, dict_file)
    names = ("symbols", "sentencepiece", *(("counts",) if with_text else ()))
    model.require(data, dict_file, str(checkpoint), OWN_FILES, names)
    return data.with_known(model)


def verify_sentences(model: Identity, path: Path, sentencepiece: Path | None, language: str | None) -> None:
    """Compare sentences, binarized or text, with the model that is to encode them.

    Args:
        model: what `verify_vocabulary` returns.
        path: the prefix of binarized data, or text.
        sentencepiece: the model that cuts text into pieces.
        language: what the sentences are said to be in.

    Raises:
        InputError: the sentences or the SentencePiece model are of another vocabulary, or of another language.
    """
    if Path(f"{path}.idx").is_file():
        require_same_vocabulary(path.parent, model, ("symbols",))
        told = path.parent / FILE_NAME
        if language and told.is_file():
            own = Identity.read(told)
            Identity(language=language).require(own, path, "--languages", "correct --languages", ("language",))
    elif sentencepiece is not None:
        own = Identity(sentencepiece=hash_file(sentencepiece))
        model.require(own, sentencepiece, "the model's vocabulary", OWN_FILES, ("sentencepiece",))


def direction_of(path: Path, model: Identity, given: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages of the two sides of a dictionary or of counterparts.

    Args:
        path: the file.
        model: what `verify_vocabulary` returns.
        given: the user's ``--languages L1,L2``, if any.
        default: the languages of the run, for files that do not say theirs.

    Returns:
        Two languages; none when nobody says them.

    Raises:
        InputError: the file is of another vocabulary, its languages are not those given, or these are not two.
    """
    names = tuple(given.split(",")) if given else ()
    if given and len(names) != 2:
        raise InputError(f"--languages {given}: give exactly two, L1,L2")
    own = Identity.of_header(path)
    if own is None:
        checked = "that its pieces are known"
        logger.warning("%s says no vocabulary and languages; checked: %s, and not its direction", path, checked)
        own = Identity()
    model.require(own, path, "the model's", OWN_FILES, ("symbols", "sentencepiece"))
    if names:
        Identity(languages=names).require(own, path, "--languages", "correct --languages", ("languages",))
    if model.languages and not set(own.languages) <= set(model.languages):
        what = f"goes from {' to '.join(own.languages)}, the model knows {', '.join(model.languages)}"
        raise InputError.at(path, None, what, OWN_FILES)
    found = names or own.languages or default
    return found if len(found) == 2 else ()
