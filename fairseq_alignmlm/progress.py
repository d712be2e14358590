"""Progress of long work: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 10.0


def track(items: Iterable[T], what: str, total: int | None = None, unit: str = "lines") -> Iterator[T]:
    """Yield ``items`` and show on stderr how many have passed.

    Args:
        items: anything iterable; it is streamed, never collected.
        what: the name of the work, in front of the count.
        total: how many items there are, when known.
        unit: the plural noun for what is counted.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=what, total=total, unit=f" {unit}", dynamic_ncols=True)
        return
    start = last = time.monotonic()
    of_total = f"/{total:,}" if total is not None else ""
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = done / (now - start)
            print(f"{what}: {done:,}{of_total} {unit} ({rate:,.0f}/s)", file=sys.stderr, flush=True)
