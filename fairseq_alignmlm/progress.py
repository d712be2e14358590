"""Progress of long work: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 10.0


def track(
    items: Iterable[T],
    what: str,
    total: int | None = None,
    unit: str = "lines",
    size: Callable[[T], int] = lambda item: 1,
) -> Iterator[T]:
    """Yield ``items`` and show on stderr how many have passed.

    Args:
        items: anything iterable; it is streamed, never collected.
        what: the name of the work, in front of the count.
        total: how many items there are, when known; then the time that is left is shown, too.
        unit: the plural noun for what is counted.
        size: how much an item counts, such as the number of its words.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(desc=what, total=total, unit=f" {unit}", unit_scale=True, dynamic_ncols=True) as bar:
            for item in items:
                yield item
                bar.update(size(item))
        return
    start = last = time.monotonic()
    of_total = f"/{total:,}" if total is not None else ""
    done = 0
    for item in items:
        yield item
        done += size(item)
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = done / (now - start)
            left = f", {_duration((total - done) / rate)} left" if total is not None and rate > 0 else ""
            print(f"{what}: {done:,}{of_total} {unit} ({rate:,.0f}/s{left})", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    """Return a time for people: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
