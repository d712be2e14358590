"""Run a function in a process of its own, within limits of time and memory, and say how it ended."""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OK, REFUSED, TRACEBACK, HANG, MEMORY, CRASH = "ok", "refused", "traceback", "hang", "memory", "crash"
SECONDS, BYTES = 5.0, 2**30


@dataclass(frozen=True)
class Ending:
    """How a call ended.

    Attributes:
        kind: ``ok``, ``refused`` (one line), ``traceback``, ``hang``, ``memory`` or ``crash``.
        text: the line, or the end of the traceback.
        seconds: how long it took.
    """

    kind: str
    text: str = ""
    seconds: float = 0.0


def _peak() -> int:
    """Return the most memory that this process has held since `_forget_peak`, in bytes."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def _forget_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as handle:
        handle.write("5")


class _TooLate(BaseException):
    pass


def _late(*_: Any) -> None:
    raise _TooLate


def run_here(function: Callable[[Any], Any], value: Any, refusals: tuple[type[BaseException], ...]) -> Ending:
    """Call ``function(value)`` in this process, as a child does; see `run_all`."""
    _forget_peak()
    before, start = _peak(), time.monotonic()
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    kind, text = OK, ""
    try:
        function(value)
    except _TooLate:
        kind, text = HANG, f"over {SECONDS} s"
    except MemoryError:
        kind = MEMORY
    except SystemExit as error:
        kind = REFUSED if error.code else OK
    except BaseException as error:
        text = f"{type(error).__name__}: {error}"
        one_line = isinstance(error, refusals) and "\n" not in str(error)
        kind = REFUSED if one_line else TRACEBACK
        if kind == TRACEBACK:
            frames = traceback.extract_tb(error.__traceback__)[-3:]
            text = text[:300] + " at " + " < ".join(f"{f.filename.split('/')[-1]}:{f.lineno}" for f in reversed(frames))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if kind in (OK, REFUSED, TRACEBACK) and _peak() - before > BYTES:
        kind, text = MEMORY, f"{(_peak() - before) / 2**20:.0f} MiB"
    return Ending(kind, text[:500], time.monotonic() - start)


def _limit_memory() -> None:
    with open("/proc/self/statm") as handle:
        now = int(handle.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * BYTES, now + 2 * BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_all(
    function: Callable[[Any], Any], values: Sequence[Any], refusals: tuple[type[BaseException], ...] = (OSError,)
) -> list[Ending]:
    """Call a function with each value in turn, in child processes; a child that dies is replaced.

    Args:
        function: called with one value at a time.
        values: these.
        refusals: exceptions of one line that a user is meant to see; all others are tracebacks.
    """
    endings: list[Ending] = []
    while len(endings) < len(values):
        endings += _run_until_death(function, values[len(endings) :], refusals)
    return endings


def _run_until_death(function: Any, values: Sequence[Any], refusals: Any) -> list[Ending]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silent, number)
        _limit_memory()
        with os.fdopen(writing, "wb", buffering=0) as out:
            for value in values:
                out.write(pickle.dumps(run_here(function, value, refusals)))
        os._exit(0)
    os.close(writing)
    endings: list[Ending] = []
    with os.fdopen(reading, "rb", buffering=0) as source:
        buffer, deadline = b"", time.monotonic() + 3 * SECONDS
        while len(endings) < len(values):
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            data = source.read(1 << 16) if ready else b""
            if not data:
                break
            buffer += data
            while buffer:
                try:
                    endings.append(pickle.loads(buffer))
                except (EOFError, pickle.UnpicklingError):
                    break
                buffer = buffer[len(pickle.dumps(endings[-1])) :]
                deadline = time.monotonic() + 3 * SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if len(endings) < len(values):
        dead = os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL
        text = f"signal {os.WTERMSIG(status)}" if dead else "no answer"
        endings.append(Ending(CRASH if dead else HANG, text))
    return endings
