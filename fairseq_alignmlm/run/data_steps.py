"""Steps that call ``alignmlm-data``, and the identity of what they are given."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.storage import atomic_path


def version() -> dict[str, str]:
    """Return the setting by which another version of this package does a step again."""
    return {"fairseq_alignmlm": __version__}


def data_step(
    name: str,
    verb: str,
    options: Mapping[str, Any],
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    words: Sequence[str | Path] = (),
    **settings: Any,
) -> Step:
    """Return a step that calls a verb of ``alignmlm-data``; another version of this package does it again.

    Args:
        name: of the step.
        verb: or several words, such as ``ordering train``.
        options: by name; those that are None are left out.
        inputs: what it reads.
        outputs: what it writes.
        words: further ones, at the end.
        settings: what else decides the outputs. Paths and the number of workers do not.
    """
    given = flags({option: value for option, value in options.items() if value is not None})
    command = [*program("alignmlm-data"), *verb.split(), *given, *map(str, words)]
    return Step(name, [command], inputs, outputs, settings | version())


def binarize_step(root: Path, languages: Sequence[str], workers: int) -> Step:
    """Return the step that binarizes the pieces of all languages in the folder of a pair."""
    pieces, outputs = ([root / kind / name for name in languages] for kind in ("pieces", "bin"))
    options, words = {"pair": root, "workers": workers}, ["--languages", *languages]
    return data_step("binarize", "binarize", options, [root / "bin" / "dict.txt", *pieces], outputs, words)


def copy_step(name: str, source: Path, target: Path) -> Step:
    """Return a step that copies a file or a folder."""

    def make() -> dict[str, Any]:
        with atomic_path(target, folder=source.is_dir()) as temporary:
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, temporary)
        return {}

    return Step(name, [], [source], [target], make=make)


def digest_of(records: Records, paths: Sequence[Path]) -> str:
    """Return one content hash of files and folders, in this order."""
    digests = [digest for path in paths for digest in records.digest([path]).values()]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
