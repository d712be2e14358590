"""Work on a stream in several processes, with results in the order of the stream and bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WAITING_PER_WORKER = 3

_make: Callable[[], Callable[[Any], Any]] | None = None
_function: Callable[[Any], Any] | None = None


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers(Generic[Item, Result]):
    """Processes that apply one function to the items of one stream after another; they start with the first stream.

    Args:
        make: builds the function once in every process, so that models live as long as the process; has to be
            picklable, such as a ``functools.partial`` of a module's function.
        workers: number of processes; 1 works in this one.
    """

    def __init__(self, make: Callable[[], Callable[[Item], Result]], workers: int) -> None:
        self._make = make
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._function: Callable[[Item], Result] | None = None

    def __enter__(self) -> Workers[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def map(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of every item, in order; the same for any number of workers.

        At most ``3 * workers`` items are held at a time, so that ``items`` may be endless.

        Args:
            items: picklable work, a fraction of a second each.

        Raises:
            OSError: a worker process died, most likely for lack of memory.
        """
        if self._workers <= 1:
            self._function = self._function or self._make()
            yield from map(self._function, items)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, initializer=_remember, initargs=(self._make,))
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(self._pool.submit(_apply, item))
                if len(waiting) >= WAITING_PER_WORKER * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise OSError("a worker process died, perhaps for lack of memory; try fewer --workers") from error


def ordered_map(make: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield ``make()(item)`` for every item of one stream; see :class:`Workers`."""
    with Workers(make, workers) as pool:
        yield from pool.map(items)


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
