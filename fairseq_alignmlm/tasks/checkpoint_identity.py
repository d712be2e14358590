"""What a checkpoint that fairseq is about to load was made from, compared with the data of the task."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, NamedTuple

from fairseq_alignmlm.evaluation.checkpoint import identity_of, read_state
from fairseq_alignmlm.identity import Identity

logger = logging.getLogger(__name__)

DEFAULT_FILE = "checkpoint_last.pt"  # fairseq's --restore-file
SAME_VOCABULARY = "use the data, or the checkpoint, of the same language pair"


class StartingPoint(NamedTuple):
    """The checkpoint that fairseq will load.

    Attributes:
        path: the file.
        resumes: it is the run's own last checkpoint, so that the run goes on; not one to start from.
        state: its content; tensors are mapped into memory, not read.
    """

    path: Path
    resumes: bool
    state: dict[str, Any]


def find_starting_point(cfg: Any) -> StartingPoint | None:
    """Return the checkpoint that ``fairseq-train`` will load, by its own rules; None when it starts afresh.

    fairseq hands a task the state of its checkpoint in ``fairseq-validate``, but not in training.

    Args:
        cfg: the task's settings with ``save_dir``, ``restore_file`` and ``finetune_from_model``.
    """
    restore, finetune = str(cfg.restore_file), cfg.finetune_from_model
    last = Path(str(cfg.save_dir)) / DEFAULT_FILE
    path = Path(restore) if restore != DEFAULT_FILE else last
    if not path.is_file() and path == last and finetune:
        path = Path(str(finetune))
    if not path.is_file():  # fairseq says what is missing
        return None
    return StartingPoint(path, path.absolute() == last.absolute(), read_state(path))


def require_same(start: StartingPoint, data: Identity, whose: str, with_languages: bool) -> None:
    """Refuse to go on from a checkpoint whose embeddings mean something else in these data.

    A run that goes on needs all that it began with: the same text in the same order of languages. One that starts from
    another's checkpoint needs the vocabulary, and the languages where the model has an embedding for each.

    Args:
        start: the checkpoint.
        data: the identity of the data, with the run's languages.
        whose: the data's file, for the message.
        with_languages: the model has language embeddings.

    Raises:
        InputError: when something differs.
    """
    own = identity_of(start.state)
    if not own.symbols:
        logger.warning("%s keeps no hash of its vocabulary: only its size is compared with dict.txt", start.path)
    data.require(own, start.path, whose, SAME_VOCABULARY)
    remedy = "give --languages as the checkpoint has them"
    if start.resumes or with_languages:
        data.require(own, start.path, "--languages", remedy, ("languages",))
    if start.resumes:
        remedy = "go on with the data that the run began with, or choose another --save-dir"
        data.require(own, start.path, whose, remedy, ("counts", "transformation", "language"))
