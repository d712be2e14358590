"""Kill a stage at any file-system event or time, on another machine, under another clock; run it again; compare."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.workflow import STAGES, contents, write_inputs

EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "os.utime"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
LONGEST = 300.0  # seconds that a stage may take


def _is_write(event: str, arguments: tuple) -> bool:
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool((flags or 0) & WRITING)
        return writes and str(path) != os.devnull
    return event in EVENTS


def run_stage(
    stage: Callable[[Path], None],
    folder: Path,
    kill_at: int | None = None,
    kill_after: float | None = None,
    elsewhere: bool = False,
    prepare: Callable[[], None] | None = None,
) -> tuple[int, int, str]:
    """Run a stage in a child process.

    Args:
        stage: the function.
        folder: it works in.
        kill_at: number of the file-system event that writes, from 1, before which it kills itself.
        kill_after: seconds after which it is killed.
        elsewhere: the child believes to be on another machine, a day ahead.
        prepare: called in the child before the stage.

    Returns:
        the wait status of the child, the number of events it has seen, and what it wrote to its error output.
    """
    log, counted = folder.parent / "stderr.txt", folder.parent / "events.txt"
    counted.write_text("0")
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            events = os.open(counted, os.O_WRONLY)
            if elsewhere:
                _pretend()
            if prepare is not None:
                prepare()
            _count(events, kill_at)
            stage(folder)
            status = 0
        except SystemExit as done:
            status = done.code if isinstance(done.code, int) else 1
        except BaseException as error:
            if type(error).__name__ != "Refused":
                import traceback

                traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    deadline = time.monotonic() + (kill_after if kill_after is not None else LONGEST)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(0.005)
    return status, int(counted.read_text() or 0), log.read_text(errors="replace")


def _count(events: int, kill_at: int | None) -> None:
    number, here = 0, os.getpid()

    def hook(event: str, arguments: tuple) -> None:
        nonlocal number
        if os.getpid() == here and _is_write(event, arguments):  # a worker's events are not the stage's
            number += 1
            os.pwrite(events, str(number).encode(), 0)
            if number == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _pretend() -> None:
    import platform
    import socket

    now = time.time
    time.time = lambda: now() + 86_400.0  # type: ignore[assignment]
    platform.node = socket.gethostname = lambda: "elsewhere"  # type: ignore[assignment]
    os.uname = lambda: os.uname_result(("Linux", "elsewhere", "1", "1", "x86_64"))  # type: ignore[assignment]


class Reference:
    """A finished workflow, each stage of which can be done again from where the one before ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "place"  # every run is at the same place, whose name is in manifests
        self.saved = folder / "saved"
        self.events: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.contents: dict[str, dict[str, str]] = {}
        self.folder.mkdir(parents=True)
        write_inputs(self.folder)
        for name, stage in STAGES.items():
            shutil.copytree(self.folder, self.saved / name)
            start = time.monotonic()
            status, self.events[name], log = run_stage(stage, self.folder)
            if status:
                raise RuntimeError(f"{name} does not run: status {status}\n{log[-2000:]}")
            self.seconds[name] = time.monotonic() - start
            self.contents[name] = contents(self.folder)
        shutil.copytree(self.folder, self.saved / "end")

    def begin(self, name: str) -> None:
        """Bring the folder to where a stage begins."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.saved / name, self.folder)

    def restore(self) -> None:
        """Bring the folder to where the last stage ended."""
        self.begin("end")

    def difference(self, name: str) -> str:
        """Return the files in which the folder differs from the end of a stage; nothing where there is none."""
        found, wanted = contents(self.folder), self.contents[name]
        return ", ".join(sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)))


def kill_and_repeat(reference: Reference, name: str, number: int, seed: int) -> tuple[bool, str]:
    """Kill a stage once or twice, run it to its end, and compare.

    Args:
        reference: of the whole workflow.
        name: of the stage.
        number: of the experiment; even ones kill at an event, odd ones at a time.
        seed: of all choices.

    Returns:
        whether a kill took place, and a line for what was not as it has to be.
    """
    chance = random.Random(f"{name} {number} {seed}")
    reference.begin(name)
    stage, killed, kills = STAGES[name], False, []
    for _ in range(chance.choice((1, 1, 2))):
        event = chance.randint(1, reference.events[name]) if number % 2 == 0 else None
        after = None if event is not None else chance.uniform(0.0, 1.2 * reference.seconds[name])
        status, _, log = run_stage(stage, reference.folder, event, after, elsewhere=chance.random() < 0.5)
        kills.append(f"event {event}" if event is not None else f"{after:.2f} s")
        if status and not os.WIFSIGNALED(status):
            return killed, f"{name} #{number} after {kills}: status {status >> 8}: {last_line(log)}"
        killed |= os.WIFSIGNALED(status)
        _change_times(reference.folder, chance)
    status, _, log = run_stage(stage, reference.folder)
    if status:
        return killed, f"{name} #{number} after {kills}: does not go on: {last_line(log)}"
    different = reference.difference(name)
    return killed, f"{name} #{number} after {kills}: differs: {different}" if different else ""


def last_line(log: str) -> str:
    """Return the last line that is not blank, for a report."""
    lines = log.strip().splitlines()
    return lines[-1][:300] if lines else "no word"


def _change_times(folder: Path, chance: random.Random) -> None:
    """Set the times of some files a day back or ahead, as another clock or a copy does."""
    for path in folder.rglob("*"):
        if chance.random() < 0.3:
            when = time.time() + chance.choice((-86_400, 86_400))
            os.utime(path, (when, when))
