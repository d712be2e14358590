"""Steps that leave complete results with a record of how they were made, and that are skipped when up to date."""

from __future__ import annotations

import errno
import importlib.metadata
import json
import platform
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.checksums import SEAL, is_intact, sealed, verified_digest
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path, parse_json, remove_leftovers, sha256_of, write_json

Build = Callable[[list[Path]], Mapping[str, Any]]

# How to install what the package itself does not bring; everything else comes with it.
INSTALL = {
    "fairseq": "pip install --no-deps fairseq==0.12.2",
    "stanza": "pip install 'fairseq-alignmlm[syntax]'",
}


@dataclass(frozen=True)
class Step:
    """What a result depends on.

    Attributes:
        name: the verb that makes it.
        outputs: the folder (``folder=True``) or the files it writes.
        inputs: files it reads; their content decides whether the result is up to date.
        settings: everything else that decides the bytes of the result, as JSON values. The number of workers is
            not among them.
        seed: the seed of random choices, None when there are none.
        libraries: distributions whose version may change the bytes of the result.
        folder: True when ``outputs`` is one folder.
    """

    name: str
    outputs: Sequence[Path]
    inputs: Sequence[Path]
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    libraries: Sequence[str] = ()
    folder: bool = False

    @property
    def manifest(self) -> Path:
        """Where the record is: in the folder, or beside the first file."""
        first = Path(self.outputs[0])
        return first / "manifest.json" if self.folder else first.with_name(f"{first.name}.manifest.json")


def run_step(step: Step, build: Build) -> bool:
    """Make a result unless it is up to date, and say on stdout which of the two.

    A result is up to date when its manifest names the same settings, seed, library versions and input content, and
    its files are still those that were written. Results appear complete or not at all.

    Args:
        step: what the result depends on.
        build: gets a temporary path for each output (a folder exists already) and returns the counts for the
            manifest: lines in and out, what was dropped by reason.

    Returns:
        True if the result was made, False if it was up to date.

    Raises:
        InputError: an input or a library is missing, or ``build`` found bad input.
        OSError: writing failed.
    """
    record: dict[str, Any] = {
        "step": step.name,
        "command": shlex.join(["python", *sys.orig_argv[1:]]),
        "versions": {"fairseq_alignmlm": __version__} | {name: _version(step, name) for name in step.libraries},
        "seed": step.seed,
        "settings": dict(step.settings),
        "inputs": [_described(path) for path in step.inputs],
        "python": platform.python_version(),
    }
    if _is_up_to_date(step, record):
        for path in (*step.outputs, step.manifest):
            remove_leftovers(Path(path))
        print(f"{step.name}: up to date: {step.outputs[0]}", flush=True)
        return False
    try:
        with ExitStack() as stack:
            temporary = [stack.enter_context(atomic_path(output, step.folder)) for output in step.outputs]
            if step.folder:
                temporary[0].mkdir()
            record["counts"] = dict(build(temporary))
            record["outputs"] = _written(step, temporary)
            if step.folder:
                write_json(temporary[0] / "manifest.json", sealed(record))
            else:  # what has no record, because it ends here, is made again
                step.manifest.unlink(missing_ok=True)
        if not step.folder:
            write_json(step.manifest, sealed(record))
    except OSError as error:
        if error.errno == errno.ENOSPC and error.filename is None:
            raise OSError(error.errno, error.strerror, str(step.outputs[0])) from error
        raise
    print(f"{step.name}: wrote {step.outputs[0]}: {_summary(record['counts'])}", flush=True)
    return True


def read_record(step_output: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder or file that :func:`run_step` wrote, None when there is no readable one."""
    path = step_output / "manifest.json"
    if not step_output.is_dir():
        path = step_output.with_name(f"{step_output.name}.manifest.json")
    try:
        record = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and SEAL in record and is_intact(record) else None


def _version(step: Step, name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        remedy = INSTALL.get(name, f"pip install {name}")
        raise InputError(f"{step.name} needs {name}, which is not installed: {remedy}") from None


def _described(path: Path) -> dict[str, str]:
    try:
        return {"path": str(path), "sha256": verified_digest(path) or sha256_of(path)}
    except FileNotFoundError as error:
        raise InputError.at(path, None, "no such file", "run the step that writes it, or check the path") from error


def _written(step: Step, temporary: list[Path]) -> list[dict[str, str]]:
    if not step.folder:
        pairs = list(zip((Path(output).name for output in step.outputs), temporary, strict=True))
    else:
        files = sorted(path for path in temporary[0].rglob("*") if path.is_file())
        pairs = [(path.relative_to(temporary[0]).as_posix(), path) for path in files]
    return [{"path": name, "sha256": sha256_of(path)} for name, path in pairs]


def _is_up_to_date(step: Step, record: Mapping[str, Any]) -> bool:
    old = read_record(Path(step.outputs[0])) if step.manifest.is_file() else None
    if old is None:
        return False
    fixed = ("step", "versions", "seed", "settings")
    now = json.loads(json.dumps({key: record[key] for key in fixed}))
    if any(old.get(key) != now[key] for key in fixed):
        return False
    try:
        if [item["sha256"] for item in old["inputs"]] != [item["sha256"] for item in record["inputs"]]:
            return False
        if not step.folder and [item["path"] for item in old["outputs"]] != [Path(path).name for path in step.outputs]:
            return False
        return all(sha256_of(step.manifest.parent / item["path"]) == item["sha256"] for item in old["outputs"])
    except (OSError, KeyError, TypeError):  # a result was removed, or the record is not ours
        return False


def _summary(counts: Mapping[str, Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, Mapping):
            return "(" + (_summary(value) or "none") + ")"
        return f"{value:,}" if isinstance(value, int) else str(value)

    return ", ".join(f"{name} {shown(value)}" for name, value in counts.items())
