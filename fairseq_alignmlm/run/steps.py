"""The engine: a step is done again when what it declares has changed, by content, never by time.

Every step leaves a record in ``steps/`` of its folder: its settings, and the sha256 of what it read and wrote. It is up
to date when the settings are those, the inputs have that content, and the outputs still do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.hashes import Hashes, files_of
from fairseq_alignmlm.storage import parse_json, write_json

Command = Sequence[str]


@dataclass(frozen=True)
class Step:
    """What is to be made, and of what.

    Attributes:
        name: of its record, unique in its folder.
        about: what to tell people when it starts; nothing for what is quick.
        commands: argument lists, run one after the other.
        inputs: files, or folders with all they hold.
        outputs: likewise.
        settings: everything else that decides the outputs' content, as JSON values.
        make: called in place of the commands; returns what the record is to keep.
        costly: its outputs are never made again because they were altered, only refused.
    """

    name: str
    commands: Sequence[Command]
    inputs: Sequence[Path]
    outputs: Sequence[Path]
    settings: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    make: Callable[[], Mapping[str, Any]] | None = None
    costly: bool = False


class Records:
    """The records of the steps of one folder.

    Args:
        folder: whose ``steps/`` holds them.
        known: hashes that others have found already.
    """

    def __init__(self, folder: Path, known: Sequence[Hashes] = ()) -> None:
        self.folder = folder / "steps"
        self.hashes = Hashes(self.folder / "hashes.json", known)

    def read(self, name: str) -> dict[str, Any]:
        """Return the record of a step; an empty one when there is none that can be read."""
        with suppress(OSError, ValueError, RecursionError):
            found = parse_json((self.folder / f"{name}.json").read_bytes())
            if isinstance(found, dict):
                return found
        return {}

    def counts(self, name: str) -> dict[str, Any]:
        """Return what a step kept in its record; nothing when there is no such record."""
        found = self.read(name).get("counts")
        return found if isinstance(found, dict) else {}

    def stale(self, step: Step) -> str:
        """Return why a step has to be done; nothing when it is up to date.

        Raises:
            InputError: an input is missing, or a costly output is not what was written.
        """
        record = self.read(step.name)
        if not record:
            return "not done yet"
        if record.get("settings") != _as_json(dict(step.settings)):
            return "other settings"
        if record.get("inputs") != _as_json(self._digests(step.inputs)):
            return "other inputs"
        try:
            if record.get("outputs") == _as_json(self._digests(step.outputs)):
                return ""
        except InputError:
            return "an output is missing"
        if step.costly:
            what = f"is not what was written: another content than {self.folder / step.name}.json names"
            raise InputError.at(step.outputs[0], None, what, "put the file back, or remove it to make it again")
        return "an output was altered"

    def write(self, step: Step, counts: Mapping[str, Any] | None = None) -> None:
        """Record a step that is done."""
        record = {
            "step": step.name,
            "fairseq_alignmlm": __version__,
            "settings": dict(step.settings),
            "commands": [list(command) for command in step.commands],
            "inputs": self._digests(step.inputs),
            "outputs": self._digests(step.outputs),
            "counts": dict(counts or {}),
        }
        write_json(self.folder / f"{step.name}.json", record)
        self.hashes.save()

    def _digests(self, paths: Sequence[Path]) -> list[tuple[str, str]]:
        """Return name and content hash of every file; names relative to the paths, which may move."""
        found = []
        for path in paths:
            for file in files_of(path):
                name = path.name if file == path else f"{path.name}/{file.relative_to(path).as_posix()}"
                found.append((name, self.hashes.of(file)))
        return found

    def digest(self, paths: Sequence[Path]) -> dict[str, str]:
        """Return the content hashes of files and folders by name, to be compared later."""
        return dict(self._digests(paths))


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
