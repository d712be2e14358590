"""Files that are either complete or absent."""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LOCK = ".lock"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


class _Workplace:
    """A hidden folder beside a target, locked for as long as the process that works in it lives, wherever that is.

    Process numbers would not do: another machine has its own, and after a while they belong to somebody else.
    """

    def __init__(self, target: Path) -> None:
        remove_leftovers(target)
        while True:
            self.folder = target.with_name(_prefix(target) + secrets.token_hex(8))
            try:
                self.folder.mkdir()
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(target)) from error
            try:
                self._lock = _locked(self.folder / LOCK, wait=True)
            except FileNotFoundError:  # somebody took it for a leftover before it was locked
                continue
            if self._lock is None or (self.folder / LOCK).exists():
                break
            os.close(self._lock)

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        try:
            _remove(self.folder)
        finally:
            if self._lock is not None:
                os.close(self._lock)


def _locked(path: Path, wait: bool) -> int | None:
    """Return a descriptor that holds the lock of a file; None where the file system has no locks.

    Raises:
        BlockingIOError: another process holds the lock, and is not waited for.
        OSError: the file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _prefix(target: Path) -> str:
    return f".{target.name}.partial-"


def remove_leftovers(target: Path) -> None:
    """Remove what processes that have ended left of their work on a target."""
    for leftover in list(target.parent.glob(glob.escape(_prefix(target)) + "*")):
        with suppress(OSError):  # another process works there, or removes it, or it belongs to somebody else
            if not leftover.is_dir():  # of version 0.1
                leftover.unlink()
                continue
            lock = _locked(leftover / LOCK, wait=False)
            if lock is not None:
                try:
                    shutil.rmtree(leftover)
                finally:
                    os.close(lock)


@contextmanager
def atomic_path(target: str | Path, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that replaces it on success and vanishes on failure.

    An existing ``target`` stays as it is until the body has finished, so that a crash or a full disk never leaves
    half a result. What a killed process leaves is hidden, and goes when the target is written again.

    Args:
        target: the file or folder.
        folder: True when the body creates a folder at the yielded path, False when it creates a file.

    Raises:
        IsADirectoryError: ``target`` is a folder and a file is to be written; a file never replaces a folder.
    """
    target = Path(target)
    if target.is_dir() and not folder:
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    workplace = _Workplace(target)
    temporary, old = workplace.folder / target.name, workplace.folder / "old"
    try:
        yield temporary
        if folder and target.is_dir() and not target.is_symlink():
            os.rename(target, old)  # os.replace does not replace a folder that has entries
        elif folder:
            _remove(target)
        try:
            os.replace(temporary, target)
        except BaseException:
            if old.exists():
                os.rename(old, target)
            raise
    finally:
        workplace.close()


def parse_json(text: str | bytes, **options: Any) -> Any:
    """Parse JSON; what is nested too deeply is told as other faults are.

    Args:
        text: UTF-8 if it is bytes.
        options: of ``json.loads``.

    Raises:
        ValueError: it is not JSON (``json.JSONDecodeError``), or not UTF-8.
    """
    try:
        return json.loads(text, **options)
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    except ValueError as error:
        if "integer string conversion" in str(error):
            raise json.JSONDecodeError("a number of more than 4300 digits", "", 0) from None
        raise


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically.

    Raises:
        ValueError: when it holds NaN or infinity, which are neither JSON nor results.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file as 64 hexadecimal digits, read in blocks of 1 MiB into the same memory."""
    digest, memory = hashlib.sha256(), memoryview(bytearray(1 << 20))
    with open(path, "rb", buffering=0) as handle:
        while size := handle.readinto(memory):
            digest.update(memory[:size])
    return digest.hexdigest()
