"""A run that stops within an epoch, as ``--max-update`` makes it, may abort after all its work is done.

fairseq leaves the thread that fetches batches ahead running. Python before 3.14 ends such a thread where it is
when it exits, and if that is inside torch, the process dies of "terminate called without an active exception",
with status 134 instead of 0. It happens with ``--num-workers 0``, in up to every second short run.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

PATIENCE = 10.0  # seconds, for the batch that is being made


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.data.iterators`` and have its threads stopped before Python exits."""
    execute(module)
    consumers: weakref.WeakSet[StoppableConsumer] = weakref.WeakSet()

    class StoppableConsumer(module.BackgroundConsumer):  # type: ignore[name-defined]
        def __init__(self, queue: Any, source: Iterable[Any], *args: Any) -> None:
            self.stop_asked = threading.Event()
            super().__init__(queue, self._until_asked_to_stop(source), *args)
            consumers.add(self)

        def _until_asked_to_stop(self, source: Iterable[Any]) -> Iterator[Any]:
            for item in source:
                if self.stop_asked.is_set():
                    return
                yield item

        def stop(self) -> None:
            self.stop_asked.set()
            deadline = time.monotonic() + PATIENCE
            while self.is_alive() and time.monotonic() < deadline:
                with suppress(queue.Empty):  # a full queue would keep it waiting for ever
                    self._queue.get(timeout=0.01)

    def stop_all() -> None:
        for consumer in list(consumers):
            consumer.stop()

    atexit.register(stop_all)
    vars(module)["BackgroundConsumer"] = StoppableConsumer
