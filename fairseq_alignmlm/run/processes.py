"""Child processes: started from argument lists, logged, watched, and ended with the process that started them."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SECONDS_TO_END = 10.0
SECONDS_BETWEEN_LOOKS = 5.0  # at the log
_UPDATE = re.compile(rb"num_updates=(\d+)")
_running: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()
_ending = threading.Event()


class StepFailed(InputError):
    """A command ended with an error.

    Attributes:
        status: the command's.
        told: whether the command has said itself what was wrong, to people.
    """

    def __init__(self, message: str, status: int = 1, told: bool = False) -> None:
        super().__init__(message)
        self.status, self.told = status, told


class Stopped(BaseException):
    """The process was told to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def end_children_with_this_process() -> None:
    """Have SIGTERM and SIGHUP raise `Stopped`, so that children are ended before this process is."""

    _ending.clear()

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def end_children() -> None:
    """End all children and what they have started, first politely; none is started from now on."""
    _ending.set()
    with _guard:
        running = list(_running)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in running:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)
        deadline = time.monotonic() + SECONDS_TO_END
        for child in running:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask Linux to send this process a signal when the one that started it is killed; elsewhere, do nothing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG


def _die_with_parent() -> None:
    end_with_parent(signal.SIGKILL)


def start(command: Sequence[str], environment: Mapping[str, str], **options: object) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own."""
    with _guard:
        if _ending.is_set():
            raise StepFailed("stopped")
        child: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
            list(command),
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            start_new_session=True,
            preexec_fn=_die_with_parent,
            **options,
        )
        _running.add(child)
    return child


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    what: str = "",
    report: Callable[[int], None] | None = None,
    keep_open: Sequence[int] = (),
) -> None:
    """Run a command to its end.

    Args:
        command: the program and its arguments; no shell is involved.
        environment: variables to add.
        log: gets the command and its output; by default output goes where this process's goes.
        what: the step, for messages.
        report: called within seconds of every update that the log tells of.
        keep_open: file descriptors that the child inherits, such as that of a lock.

    Raises:
        StepFailed: it ended with an error; the end of the log was printed.
    """
    sys.stdout.flush()
    if log is None:
        child = start(command, environment or {}, pass_fds=tuple(keep_open))
        status = _wait(child, None, 0, None)
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as handle:
            handle.write(f"$ {shlex.join(command)}\n".encode())
            handle.flush()
            begin = handle.tell()
            child = start(
                command, environment or {}, stdout=handle, stderr=subprocess.STDOUT, pass_fds=tuple(keep_open)
            )
            status = _wait(child, log, begin, report)
    if status == 0:
        return
    name = what or Path(command[0]).name
    ending = f"failed with status {status}" if status > 0 else f"was ended by {signal.Signals(-status).name}"
    if log is None:
        raise StepFailed(f"{name} {ending}", max(1, status), status > 0)
    lines = _last_lines(log, begin)
    raise StepFailed(f"{name} {ending}; see {log}" + "".join(f"\n    {line}" for line in lines))


def _wait(child: subprocess.Popen[bytes], log: Path | None, place: int, report: Callable[[int], None] | None) -> int:
    try:
        if log is None or report is None:
            return child.wait()
        while True:
            try:
                return child.wait(SECONDS_BETWEEN_LOOKS)
            except subprocess.TimeoutExpired:
                place, update = _last_update(log, place)
                if update:
                    report(update)
    finally:
        if child.poll() is not None:
            with _guard:
                _running.discard(child)


def _last_update(log: Path, place: int) -> tuple[int, int]:
    with open(log, "rb") as handle:
        handle.seek(place)
        text = handle.read(1 << 22)
    found = _UPDATE.findall(text)
    end = text.rfind(b"\n") + 1
    return place + end, int(found[-1][:18]) if found else 0


def _last_lines(log: Path, begin: int, count: int = 5) -> list[str]:
    with open(log, "rb") as handle:
        handle.seek(0, os.SEEK_END)
        handle.seek(max(begin, handle.tell() - 20_000))
        text = handle.read().decode("utf-8", errors="replace")
    return [line[:400] for line in text.split("\n") if line.strip()][-count:]
