"""Hostile checkpoints through every entry point: none may execute, each must be refused in one line."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from tests.chaos import limited
from tests.chaos.hostile_checkpoints import Attack

CALLS_PER_CHILD = 200


def prepare(folder: Path) -> Path:
    """Make the package that a checkpoint may try to import, and return the path that would be a trace."""
    trace = folder / "executed"
    package = folder / "chaos_trace"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(f"import os\nos.makedirs({str(trace)!r}, exist_ok=True)\n")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # so that an import by name would find it
    return trace


def run_attacks(
    attacks: Iterable[Attack], entries: dict[str, Callable[[Path], Any]], folder: Path
) -> tuple[Counter[str], list[str]]:
    """Open each hostile checkpoint by each entry point.

    Args:
        attacks: what to write.
        entries: name and function of every way in.
        folder: where to write; `prepare` has been there.

    Returns:
        how often a call was refused, let through without executing anything, and so on; and the names of those that
        executed, ended in a traceback, hung or took too much memory.
    """
    trace, path = folder / "executed", folder / "evil.pt"
    counts: Counter[str] = Counter()
    failures: list[str] = []
    calls = itertools.product(attacks, entries.items())

    def call(task: tuple[Attack, tuple[str, Callable[[Path], Any]]]) -> None:
        (_, write), (_, function) = task
        write(path)
        try:
            function(path)
        finally:
            if trace.exists():
                os.rmdir(trace) if trace.is_dir() else trace.unlink()
                raise Executed

    while batch := list(itertools.islice(calls, CALLS_PER_CHILD)):
        for ((attack, _), (entry, _)), ending in zip(
            batch, limited.run_all(call, batch, (InputError, OSError)), strict=True
        ):
            kind = "executed" if "Executed" in ending.text else ending.kind
            counts[kind] += 1
            if kind not in (limited.OK, limited.REFUSED):
                failures.append(f"{kind}: {attack} by {entry}: {ending.text}")
    return counts, failures


class Executed(BaseException):
    """Something in the checkpoint was run."""
