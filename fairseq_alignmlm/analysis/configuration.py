"""What the runs of a report were made with: what they share once, what differs run by run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.table import ABSENT, Table

COMMAND = "command_settings"  # the options of training: long, and most of them the same
DEEPEST = 5
_FOLDERS = re.compile(r"(?<=\s)\S*/(?=[^/\s]+)")


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(name: str, value: Any, depth: int = 0) -> dict[str, str]:
    """Return nested settings by dotted names: ``pretrain.lr``."""
    if isinstance(value, dict) and depth < DEEPEST:
        return {key: text for each in value for key, text in _flat(f"{name}.{each}", value[each], depth + 1).items()}
    return {name.lstrip("."): _text(value)}


def _values(run: Run) -> dict[str, str]:
    """Return the settings of a run: what its recipe kept, and all others by their names in the configuration."""
    values = {name: _text(value) for name, value in run.settings.items() if name != COMMAND}
    everything = _flat("", run.configuration.get("configuration") or {})
    kept = {f"{part}.{name}" for name in values for part in ("data", "objective", "pretrain")}
    values |= {name: value for name, value in everything.items() if name and name not in kept}
    values |= _flat("made_by", run.configuration.get("made_by") or {})
    if run.updates is not None:
        values["updates"] = f"{run.updates:,}"
    return values | {f"version of {name}": version for name, version in run.versions.items()}


def shared_settings(runs: Sequence[Run]) -> dict[str, str]:
    """Return the settings and versions that all runs have in common, by name."""
    values = [_values(run) for run in runs]
    return {name: value for name, value in values[0].items() if all(other.get(name) == value for other in values)}


def shared_table(runs: Sequence[Run]) -> Table:
    """List what all runs have in common."""
    return Table("The same in all runs", ("setting", "value"), tuple(shared_settings(runs).items()), 2)


def runs_table(runs: Sequence[Run]) -> Table:
    """List the runs with what differs between them."""
    shared = shared_settings(runs)
    names = list(dict.fromkeys(name for run in runs for name in _values(run) if name not in shared))
    rows = []
    for run in runs:
        values = _values(run)
        seed = ABSENT if run.seed is None else str(run.seed)
        seconds = ABSENT if run.train_seconds is None else f"{run.train_seconds:,.0f}"
        rows.append((run.label, run.pair, seed, seconds, *(values.get(name, ABSENT) for name in names)))
    return Table("Runs", ("objective", "pair", "seed", "training (s)", *names), tuple(rows), 2)


def commands(runs: Sequence[Run]) -> list[str]:
    """Return the training options, one line for all runs of one objective that share them; files by name alone."""
    found: dict[str, list[str]] = {}
    for run in runs:
        options = run.settings.get(COMMAND)
        if isinstance(options, str):
            found.setdefault(_FOLDERS.sub("", options), []).append(run.label)
    return [f"{', '.join(dict.fromkeys(labels))}: {options}" for options, labels in found.items()]
