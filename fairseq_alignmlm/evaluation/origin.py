"""Where predictions come from: a record beside the file, compared when the file is scored."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.answers import read_gold_answers
from fairseq_alignmlm.evaluation.predictions import read_labels, read_tags
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.storage import sha256_of, write_json

SUFFIX = ".origin.json"
MEANT = "predict again, or remove {} if this is meant"
_ALIASES = {old: new for task in TASKS.values() for old, new in task.aliases}


def path_of(predictions: Path) -> Path:
    """Return where the record of a prediction file is."""
    return predictions.with_name(predictions.name + SUFFIX)


def write_origin(
    predictions: Path, checkpoint: Path, data: Identity, trained: Identity, gold: Path | None, tags: bool = False
) -> None:
    """Record what predicted a file, and for which data.

    Args:
        predictions: the file, which is there.
        checkpoint: the model.
        data: the identity of the data.
        trained: that of the data the model was fine-tuned on.
        gold: the labelled text that the data were made from, if it is there.
        tags: it holds a tag a word, not a label an example.
    """
    record = {
        "predictions": sha256_of(predictions),
        "model": sha256_of(checkpoint),
        "data": data.as_json(),
        "trained": trained.as_json(),
        "gold": hash_labels(gold, tags) if gold and gold.is_file() else "",
    }
    write_json(path_of(predictions), record)


def hash_labels(path: Path, tags: bool) -> str:
    """Return the hash of the labels of a labelled file, whatever stands before them.

    Args:
        path: the file.
        tags: it holds a tag a word, with blank lines between sentences.
    """
    if path.suffix == ".json":
        text = json.dumps(read_gold_answers(path), sort_keys=True)
    elif tags:
        text = "\n\n".join("\n".join(sentence) for sentence in read_tags(path))
    else:
        text = "\n".join(read_labels(path, _ALIASES))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_origin(
    predictions: Path, gold: Path, tags: bool, language: str, model: str | None = None, source: str | None = None
) -> bool:
    """Compare the record of a prediction file with what it is scored as.

    Args:
        predictions: the file.
        gold: what it is scored against.
        tags: both hold a tag a word.
        language: what it is scored as.
        model: the first digits of the hash of the checkpoint that is said to have predicted.
        source: the language it is said to be fine-tuned on.

    Returns:
        Whether there is a record: predictions of other programs have none.

    Raises:
        InputError: they are not what is said, or the record is broken.
    """
    path = path_of(predictions)
    if not path.is_file():
        return False
    record, data, trained = _read(path)
    remedy = MEANT.format(path.name)
    if record["predictions"] != sha256_of(predictions):
        raise InputError.at(predictions, None, "was changed after it was predicted", remedy)
    if model and not record["model"].startswith(model):
        raise InputError.at(predictions, None, "was predicted by another checkpoint than --model", "give that one")
    if record["gold"] and record["gold"] != hash_labels(gold, tags):
        raise InputError.at(predictions, None, f"was predicted for other data than {gold}", remedy)
    for what, own, said in (("language", data, language), ("--source-language", trained, source)):
        if said and own.language and own.language != said:
            what = f"is scored with {what} {said}, its record says {own.language}"
            raise InputError.at(predictions, None, what, "correct the language")
    return True


def _read(path: Path) -> tuple[dict[str, str], Identity, Identity]:
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
        identities = [Identity.of_json(record[name]) for name in ("data", "trained")]
        hashes = {name: str(record[name]) for name in ("predictions", "model", "gold")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError.at(path, None, f"no record of predictions ({error!r})", "predict again") from None
    return hashes, identities[0], identities[1]
