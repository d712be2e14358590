"""Content hashes of files, remembered for as long as a file is the same one by size, times and inode."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json, sha256_of, write_json

RECORDS = ("manifest.json", ".manifest.json")  # they hold paths and commands, not data
JUST_NOW = 2.0  # seconds: a file this young may change again within one tick of the clock


class Hashes:
    """sha256 of files. What is remembered only saves reading: a file that was touched is read again.

    Args:
        file: where to remember, None for nowhere.
        known: others that may know a file already.
    """

    def __init__(self, file: Path | None = None, known: Iterable[Hashes] = ()) -> None:
        self._file = file
        self._known = tuple(known)
        self._found: dict[str, tuple[list[int], str]] = {}
        self._changed = False
        if file is not None:
            self._found = _read(file)

    def of(self, path: Path) -> str:
        """Return the hash of a file's content.

        Raises:
            InputError: there is no such file.
        """
        name = str(path.resolve())
        try:
            stamp = _stamp(path)
            for hashes in (self, *self._known):
                old, digest = hashes._found.get(name, ([], ""))
                if old == stamp:
                    return digest
            digest = sha256_of(path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise InputError.at(path, None, "no such file", "run the step that writes it, or check the path") from None
        if _stamp(path) == stamp and abs(time.time_ns() - max(stamp[1:3])) > JUST_NOW * 1e9:
            self._found[name] = (stamp, digest)
            self._changed = True
        return digest

    def save(self) -> None:
        """Remember what was found; a disk that is full or read-only is no reason to stop."""
        if self._file is not None and self._changed:
            with suppress(OSError):
                write_json(self._file, {name: [*stamp, digest] for name, (stamp, digest) in self._found.items()})
                self._changed = False


def files_of(path: Path) -> list[Path]:
    """Return the files that a path stands for, in order: itself, or those below a folder.

    Hidden files are none of the data, nor are records of how they were made.

    Raises:
        InputError: there is nothing.
    """
    if path.is_file():
        return [path]
    found = [each for each in path.rglob("*") if each.is_file() and not _is_apart(each.relative_to(path))]
    if not found:
        raise InputError.at(path, None, "no such file or folder, or an empty one", "check the path")
    return sorted(found, key=lambda each: each.relative_to(path).as_posix())


def _is_apart(path: Path) -> bool:
    return path.name.endswith(RECORDS[1]) or path.name == RECORDS[0] or any(p.startswith(".") for p in path.parts)


def _stamp(path: Path) -> list[int]:
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _read(file: Path) -> dict[str, tuple[list[int], str]]:
    with suppress(OSError, ValueError, RecursionError, AttributeError, TypeError):
        entries = parse_json(file.read_bytes()).items()
        return {name: (list(value[:4]), str(value[4])) for name, value in entries if len(value) == 5}
    return {}
