"""Rivals in processes of their own, so that neither memory nor allocator settings of one touch another."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from typing import Any


class Contestant:
    """A process that does one piece of work whenever it is told to, and sleeps in between.

    Args:
        make: called in the process; what it returns is asked for one item per piece of work.
        keep_peak_from: pieces of work after which peak memory is noted, so that all have done the same.
    """

    def __init__(self, make: Callable[[], Iterator[Any]], keep_peak_from: int = 2) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(make, theirs, keep_peak_from), daemon=True)
        self._process.start()
        theirs.close()
        self.results: list[Any] = []
        self.peak_megabytes = 0.0
        self.processor_seconds = 0.0  # of all work so far, on all threads

    def __call__(self) -> None:
        """Do one piece of work; its result is appended to ``results``.

        Raises:
            SystemExit: when the process has died; its error is on stderr.
        """
        try:
            self._connection.send("go")
            result, self.peak_megabytes, seconds = self._connection.recv()
        except (EOFError, BrokenPipeError):
            raise SystemExit("error: a variant failed") from None
        self.processor_seconds += seconds
        self.results.append(result)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=10)


def _work(make: Callable[[], Iterator[Any]], connection: Any, keep_peak_from: int) -> None:
    from workload import peak_megabytes

    items = make()
    done, peak = 0, 0.0
    while True:
        try:
            connection.recv()
        except EOFError:
            return
        start = time.process_time()
        result = next(items)
        seconds = time.process_time() - start
        done += 1
        if done <= keep_peak_from:
            peak = peak_megabytes()
        connection.send((result, peak, seconds))
