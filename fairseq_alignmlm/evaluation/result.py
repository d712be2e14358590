"""The result of one run: alignment, and transfer on every task that was scored."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.training_log import read_curve
from fairseq_alignmlm.storage import parse_json

LARGEST = 1e300  # scores are below; NaN and infinity are not
REMEDY = "run the step before again"


def read_scores(path: Path, language: str) -> dict[str, float]:
    """Return what the command ``score`` wrote of a language, in percent by metric.

    Raises:
        InputError: there is no such file, or it lacks what it should hold.
    """
    return _numbers(path, _object(path, _object(path, _read(path), "languages"), language), "scores")


def transfer_scores(
    english: dict[str, float], zero_shot: dict[str, float], supervised: dict[str, float]
) -> dict[str, dict[str, float]]:
    """Put the three tests of a task side by side (section 3).

    Args:
        english: percent by metric; fine-tuned and tested on L1.
        zero_shot: fine-tuned on L1, tested on the derived language.
        supervised: fine-tuned and tested on the derived language.

    Returns:
        The scores under ``en``, ``zs`` and ``sup``, and ``delta`` = SUP - ZS of every metric.
    """
    delta = {metric: supervised[metric] - zero_shot[metric] for metric in supervised if metric in zero_shot}
    return {"sup": supervised, "zs": zero_shot, "delta": delta, "en": english}


def collect_result(run: Path, source: str, derived: str) -> dict[str, Any]:
    """Read what the commands ``alignment`` and ``score`` wrote into a run's folder.

    Args:
        run: the folder; scores are at ``<task>/<tuned on>/score-<tested on>.json``.
        source: L1.
        derived: the derived language.

    Returns:
        ``alignment``, ``alignment_by_frequency`` and ``translation`` (empty where they were not measured),
        ``random_tokens`` (where random replacement tokens of the pre-training came from), ``verified`` (whether the
        checkpoint said its vocabulary), ``transfer`` (by task), ``signatures`` and ``curve``, the learning curve in
        ``train.log``. A task counts once all three tests are there. ``emergence`` is empty, or has one entry a kept
        checkpoint, with alignment, layers, loss and ``transfer`` (``en`` and ``zs`` alone).
        Natural languages have no counterparts: what is measured on translations is their alignment.

    Raises:
        InputError: when the alignment is missing, or a file is no JSON or lacks what it should hold.
    """
    path = run / "alignment.json"
    measured = _read(path)
    translation = _of_translations(path, measured) if measured.get("retrieval") else {}
    if not measured.get("alignment") and not translation:
        raise InputError.at(path, None, "holds neither alignment nor retrieval", REMEDY)
    alignment: dict[str, Any] = translation
    if measured.get("alignment"):
        alignment = _object(path, measured, "alignment")
        _check_numbers(path, "alignment", {name: score for name, score in alignment.items() if score is not None})
    tests = {"en": (source, source), "zs": (source, derived), "sup": (derived, derived)}
    transfer: dict[str, Any] = {}
    signatures: dict[str, Any] = {}
    if "retrieval_signature" in measured:
        signatures["translation"] = measured["retrieval_signature"]
    for folder in sorted(path for path in run.glob("[!.]*") if path.is_dir()):
        files = {name: folder / tuned / f"score-{tested}.json" for name, (tuned, tested) in tests.items()}
        if not all(path.is_file() for path in files.values()):
            continue
        found = {name: _read(path) for name, path in files.items()}
        tested = {
            name: _object(files[name], _object(files[name], entry, "languages"), tests[name][1])
            for name, entry in found.items()
        }
        scores = {name: _numbers(files[name], entry, "scores") for name, entry in tested.items()}
        transfer[folder.name] = transfer_scores(scores["en"], scores["zs"], scores["sup"])
        signatures[folder.name] = {
            name: entry.get("signature", found[name].get("signature")) for name, entry in tested.items()
        }
    return {
        "alignment": alignment,
        "alignment_by_frequency": measured.get("by_frequency", []),
        "random_tokens": measured.get("random_tokens"),
        "verified": measured.get("verified"),
        "translation": translation,
        "transfer": transfer,
        "signatures": signatures,
        "curve": read_curve(run / "train.log"),
        "emergence": _emergence(run / "curves", source, derived),
    }


def _emergence(folder: Path, source: str, derived: str) -> list[dict[str, Any]]:
    """Read what was measured on the checkpoints of a run, and join the scores of fine-tuning from each."""
    path = folder / "emergence.json"
    if not path.is_file():
        return []
    points = _read(path).get("points")
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise InputError.at(path, None, "holds no points", REMEDY)
    for point in points:
        checkpoint = _object(path, point, "checkpoint").get("path")
        tuned = folder / Path(str(checkpoint)).stem
        point["transfer"] = {}
        for task in sorted(each.name for each in tuned.glob("[!.]*") if each.is_dir()):
            files = {"en": tuned / task / source / f"score-{source}.json"}
            files["zs"] = tuned / task / source / f"score-{derived}.json"
            languages = {"en": source, "zs": derived}
            if all(file.is_file() for file in files.values()):
                point["transfer"][task] = {
                    name: _numbers(
                        file, _object(file, _object(file, _read(file), "languages"), languages[name]), "scores"
                    )
                    for name, file in files.items()
                }
    return points


def _of_translations(path: Path, measured: dict[str, Any]) -> dict[str, float]:
    """Return what natural languages have in place of counterparts: how many held-out words find their translation.

    ``held_out`` is precision at 1 by cosine, which is what that number is for counterparts, too. Words that share a
    piece with their translation find it in an untrained model already; where there are some,
    ``held_out_no_shared_piece`` is the precision of the others.
    """
    names = {
        "held_out": ("retrieval", "cosine_at_1"),
        "held_out_at_5": ("retrieval", "cosine_at_5"),
        "held_out_csls": ("retrieval", "csls_at_1"),
        "held_out_csls_at_5": ("retrieval", "csls_at_5"),
    }
    if measured.get("retrieval_no_shared_piece"):
        names["held_out_no_shared_piece"] = ("retrieval_no_shared_piece", "cosine_at_1")
    found = {}
    for which, (name, score) in names.items():
        scores = _numbers(path, measured, name)
        if score not in scores:
            raise InputError.at(path, None, f"{name} has no {score}", REMEDY)
        found[which] = scores[score]
    return found


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    found = {"python": platform.python_version()}
    for name in ("fairseq-alignmlm", "fairseq", "torch", "numpy"):
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def read_settings(pairs: Iterable[str]) -> dict[str, float | str]:
    """Read ``name=value`` settings; a value that is a number becomes one.

    Raises:
        InputError: when one has no ``=``.
    """
    settings: dict[str, float | str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise InputError(f"--set {pair}: give NAME=VALUE")
        try:
            settings[name] = float(value)
        except ValueError:
            settings[name] = value
    return settings


def _object(path: Path, fields: dict[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise InputError.at(path, None, f"{name} is {'missing' if value is None else 'not a JSON object'}", REMEDY)
    return value


def _numbers(path: Path, fields: dict[str, Any], name: str) -> dict[str, float]:
    found = _object(path, fields, name)
    _check_numbers(path, name, found)
    return found


def _check_numbers(path: Path, name: str, fields: dict[str, Any]) -> None:
    for key, value in fields.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LARGEST:
            raise InputError.at(path, None, f"{name}.{key} is {value!r}, not a number", REMEDY)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.at(path, None, "no such file", "run the step before") from None
    except ValueError as error:
        raise InputError.at(path, None, f"not JSON ({error})", REMEDY) from None
    if not isinstance(found, dict):
        raise InputError.at(path, None, "is not a JSON object", REMEDY)
    return found
