"""A full disk, a folder that may not be written, an input that vanishes: one line, and the next run ends the same."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.chaos.kills import Reference, last_line, run_stage
from tests.chaos.workflow import STAGES

KINDS = ("full disk", "file size limit", "read-only folder", "vanished input")


@contextlib.contextmanager
def _small_disk(reference: Reference, name: str) -> Iterator[Callable[[str], bool]]:
    """Put the folder on a disk of its own; yields a function that mounts it anew with other options."""
    place = str(reference.folder)
    shutil.rmtree(place)
    os.mkdir(place)

    def mount(options: str, kind: str = "remount,") -> bool:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", kind + options, "tmpfs", place], capture_output=True)
        return done.returncode == 0

    if not mount("size=64m", ""):
        reference.begin(name)
        raise PermissionError("only the administrator can make a small disk")
    try:
        shutil.copytree(reference.saved / name, place, dirs_exist_ok=True)
        yield mount
    finally:
        subprocess.run(["umount", place], check=True)


def _limit_file_size(largest: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _remove_at(path: Path, event: int) -> None:
    seen = 0

    def hook(name: str, arguments: tuple) -> None:
        nonlocal seen
        if name == "open":
            seen += 1
            if seen == event:
                path.unlink(missing_ok=True)

    sys.addaudithook(hook)


def fault_and_repeat(reference: Reference, name: str, kind: str, number: int, seed: int) -> str:
    """Run a stage into a fault, then without it, and compare.

    Args:
        reference: of the whole workflow.
        name: of the stage.
        kind: one of ``KINDS``.
        number: of the experiment.
        seed: of all choices.

    Returns:
        nothing, or a line for what was not as it has to be.

    Raises:
        PermissionError: the fault cannot be made by this user.
    """
    chance = random.Random(f"{kind} {name} {number} {seed}")
    stage, what = STAGES[name], f"{kind}, {name} #{number}"
    if kind in ("full disk", "read-only folder"):
        with _small_disk(reference, name) as mount:
            usage = shutil.disk_usage(reference.folder).used
            mount("ro" if kind == "read-only folder" else f"size={usage + chance.randrange(4_096, 400_000)}")
            problem = _run_into(stage, reference, what, must_fail=kind == "read-only folder")
            mount("rw,size=64m")
            return problem or _repeat(stage, reference, name, what)
    reference.begin(name)
    if kind == "file size limit":
        largest = chance.randrange(500, 40_000)
        problem = _run_into(stage, reference, what, prepare=lambda: _limit_file_size(largest))
        return problem or _repeat(stage, reference, name, what)
    inputs = sorted(path for path in reference.folder.rglob("*") if path.is_file())
    victim, event = chance.choice(inputs), chance.randint(1, 300)
    content = victim.read_bytes()
    problem = _run_into(stage, reference, f"{what} ({victim.name})", prepare=lambda: _remove_at(victim, event))
    victim.write_bytes(content)
    return problem or _repeat(stage, reference, name, what)


def _run_into(
    stage: Callable[[Path], None],
    reference: Reference,
    what: str,
    must_fail: bool = False,
    prepare: Callable[[], None] | None = None,
) -> str:
    status, _, log = run_stage(stage, reference.folder, prepare=prepare)
    if os.WIFSIGNALED(status):
        return f"{what}: died of signal {os.WTERMSIG(status)}"
    if "Traceback" in log:
        return f"{what}: a traceback: {last_line(log)}"
    if must_fail and status == 0:
        return f"{what}: it went well"
    return ""


def _repeat(stage: Callable[[Path], None], reference: Reference, name: str, what: str) -> str:
    status, _, log = run_stage(stage, reference.folder)
    if status:
        return f"{what}: does not go on: {last_line(log)}"
    different = reference.difference(name)
    return f"{what}: differs: {different}" if different else ""
