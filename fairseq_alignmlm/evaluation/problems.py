"""Faults of files, each told once with its first line and how often it occurs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """One place at fault: its kind, its line (None for the whole file), and what is wrong and does to the score."""

    kind: str
    line: int | None
    what: str


@dataclass(frozen=True)
class Problem:
    """One fault of a file.

    Attributes:
        path: the file, or the folder where a file is missing.
        line: the first line at fault, from 1; None when no line is.
        what: what is wrong and what it would do to the score.
        times: how many lines or sentences of the file have it.
    """

    path: Path
    line: int | None
    what: str
    times: int = 1

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line is not None else f"{self.path}"
        return f"{where}: {self.what}" + (f" ({self.times:,} times)" if self.times > 1 else "")


def first_of_each(faults: Iterable[Fault], path: Path) -> list[Problem]:
    """Gather faults into one problem a kind: the first of it, and how often it occurs."""
    first: dict[str, Fault] = {}
    times: dict[str, int] = {}
    for fault in faults:
        first.setdefault(fault.kind, fault)
        times[fault.kind] = times.get(fault.kind, 0) + 1
    return [Problem(path, fault.line, fault.what, times[kind]) for kind, fault in first.items()]
