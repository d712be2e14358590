"""The learning curve in the log of fairseq-train."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from pathlib import Path

POINTS = 200
FEWER_UPDATES = 2**53  # than these; exact as a float
_INNER = " | train_inner | "
_NUMBER = re.compile(r"(\w+)=([-+.\w]+)")
# The loss on masked tokens, by which objectives can be compared; an objective that has no other loss calls it `loss`.
_NAMES = ("mlm_loss", "loss")


def read_curve(path: Path, points: int = POINTS) -> dict[str, list[float]]:
    """Read the loss on masked tokens, in bits, over updates.

    A log that was continued may have an update twice; the later one counts. Long curves are thinned out evenly,
    the last point stays.

    Args:
        path: a log with ``--log-format simple``; one that is missing has an empty curve.
        points: at most so many.

    Returns:
        ``updates`` and ``loss``, equally long.
    """
    found: dict[int, float] = {}
    if path.is_file():
        with open(path, encoding="utf-8", errors="replace") as handle:
            for line in handle:
                if _INNER not in line:
                    continue
                fields = dict(_NUMBER.findall(line))
                text = next((fields[name] for name in _NAMES if name in fields), None)
                if text is None or "num_updates" not in fields:
                    continue
                with suppress(ValueError):  # a line that was cut when the run was killed
                    loss, update = float(text), int(fields["num_updates"])
                    if math.isfinite(loss) and update < FEWER_UPDATES:
                        found[update] = loss
    updates = sorted(found)
    step = max(1, math.ceil(len(updates) / points))
    kept = updates[::-1][::step][::-1]
    return {"updates": [float(update) for update in kept], "loss": [found[update] for update in kept]}
