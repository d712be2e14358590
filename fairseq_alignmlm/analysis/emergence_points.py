"""What was measured on kept checkpoints, as the curves of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

ALIGNMENTS = ("frequency", "all", "held_out")


def read_points(path: Path, points: Any) -> tuple[dict[str, float], ...]:
    """Return the points of a run's curves in order of updates, each a flat table of numbers.

    Args:
        path: the result, for messages.
        points: what ``result.json`` holds under ``emergence``.

    Returns:
        Of each checkpoint ``updates``; ``alignment.frequency``, ``.all`` and ``.held_out`` in percent; ``words`` and
        ``sentences``, of the best layer; ``loss.<language>`` in bits; scores as
        ``en.<task>.<metric>`` and ``zs.<task>.<metric>``.

    Raises:
        InputError: a point is of another form, or a number is not finite.
    """
    try:
        found = [dict(_numbers(point)) for point in points]
        for point in found:
            if not all(math.isfinite(value) for value in point.values()):
                raise ValueError("a number is not finite")
        return tuple(sorted(found, key=lambda point: point["updates"]))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError.at(path, None, f"emergence is not what `emergence` writes ({error})", "run it again") from None


def _numbers(point: dict[str, Any]) -> Iterator[tuple[str, float]]:
    yield "updates", float(point["updates"])
    for name in ALIGNMENTS:
        if point["alignment"].get(name) is not None:
            yield f"alignment.{name}", float(point["alignment"][name])
    for name in ("words", "sentences"):
        yield name, max(float(layer[name]) for layer in point["layers"])
    for language, loss in point["loss"].items():
        yield f"loss.{language}", float(loss)
    for task, scores in point.get("transfer", {}).items():
        for direction in ("en", "zs"):
            for metric, score in scores[direction].items():
                yield f"{direction}.{task}.{metric}", float(score)
