"""Work on a stream in several processes, with results in the order of the stream and bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WAITING_PER_WORKER = 3

_make: Callable[[], Callable[[Any], Any]] | None = None
_function: Callable[[Any], Any] | None = None


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(make: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield ``make()(item)`` for every item, in order; the same for any number of workers.

    At most ``3 * workers`` items are held at a time, so that ``items`` may be endless.

    Args:
        make: builds the function once in every process, so that models live as long as the process; has to be
            picklable, such as a ``functools.partial`` of a module's function.
        items: picklable work, a fraction of a second each.
        workers: number of processes; 1 works in this one.

    Raises:
        OSError: a worker process died, most likely for lack of memory.
    """
    if workers <= 1:
        yield from map(make(), items)
        return
    pool = ProcessPoolExecutor(workers, initializer=_remember, initargs=(make,))
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(_apply, item))
            if len(waiting) >= WAITING_PER_WORKER * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise OSError("a worker process died, perhaps for lack of memory; try fewer --workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _remember(make: Callable[[], Callable[[Any], Any]]) -> None:
    global _make, _function
    _make, _function = make, None


def _apply(item: Any) -> Any:
    # Built with the first item and not when the process starts: an exception raised there would reach nobody.
    global _function
    if _function is None:
        assert _make is not None
        _function = _make()
    return _function(item)
