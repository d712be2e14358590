"""The result of one run: alignment, and transfer on every task that was scored."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.training_log import read_curve


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
        ``alignment``, ``alignment_by_frequency`` (where it was measured), ``transfer`` (by task), ``signatures`` and
        ``curve``, the learning curve in ``train.log``. A task counts once all three tests are there.

    Raises:
        InputError: when the alignment is missing or a file is no JSON.
    """
    measured = _read(run / "alignment.json")
    alignment = measured.get("alignment") or _of_translations(measured)
    tests = {"en": (source, source), "zs": (source, derived), "sup": (derived, derived)}
    transfer: dict[str, Any] = {}
    signatures: dict[str, Any] = {}
    if "retrieval_signature" in measured:
        signatures["translation"] = measured["retrieval_signature"]
    for folder in sorted(path for path in run.iterdir() if path.is_dir()):
        files = {name: folder / tuned / f"score-{tested}.json" for name, (tuned, tested) in tests.items()}
        if not all(path.is_file() for path in files.values()):
            continue
        found = {name: _read(path) for name, path in files.items()}
        scores = {name: entry["languages"][tests[name][1]]["scores"] for name, entry in found.items()}
        transfer[folder.name] = transfer_scores(scores["en"], scores["zs"], scores["sup"])
        signatures[folder.name] = {
            name: entry["languages"][tests[name][1]].get("signature", entry.get("signature"))
            for name, entry in found.items()
        }
    return {
        "alignment": alignment,
        "alignment_by_frequency": measured.get("by_frequency", []),
        "transfer": transfer,
        "signatures": signatures,
        "curve": read_curve(run / "train.log"),
    }


def _of_translations(measured: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return what natural languages have in place of counterparts: how many held-out words find their translation.

    ``held_out`` is precision at 1 by cosine, which is what that number is for counterparts, too. Words that share a
    piece with their translation find it in an untrained model already; where there are some,
    ``held_out_no_shared_piece`` is the precision of the others.
    """
    retrieval = measured["retrieval"]
    found = {
        "held_out": retrieval["cosine_at_1"],
        "held_out_at_5": retrieval["cosine_at_5"],
        "held_out_csls": retrieval["csls_at_1"],
        "held_out_csls_at_5": retrieval["csls_at_5"],
    }
    if without_shared := measured.get("retrieval_no_shared_piece"):
        found["held_out_no_shared_piece"] = without_shared["cosine_at_1"]
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


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.at(path, None, "no such file", "run the step before") from None
    except ValueError as error:
        raise InputError.at(path, None, f"not JSON ({error})", "run the step before again") from None
