"""Files that are either complete or absent."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _temporary(target: Path) -> Path:
    """Return this process's temporary path for ``target``; remove what killed processes of this machine left there.

    The machine is part of the name, since on a shared disk the process numbers of others mean nothing here.
    """
    prefix = f".{target.name}.partial-{platform.node()}-"
    for leftover in target.parent.glob(glob.escape(prefix) + "*"):
        number = leftover.name[len(prefix) :]
        if number.isdecimal() and not _is_running(int(number)):
            _remove(leftover)
    return target.with_name(f"{prefix}{os.getpid()}")


@contextmanager
def atomic_path(target: str | Path, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that replaces it on success and vanishes on failure.

    An existing ``target`` stays as it is until the body has finished, so that a crash or a full disk never leaves
    half a result.

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
    temporary = _temporary(target)
    _remove(temporary)
    try:
        yield temporary
        if folder:
            _remove(target)  # os.replace does not replace a folder that has entries
        os.replace(temporary, target)
    finally:
        _remove(temporary)


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically.

    Raises:
        ValueError: when it holds NaN or infinity, which are neither JSON nor results.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file as 64 hexadecimal digits, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
