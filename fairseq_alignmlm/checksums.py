"""Files are compared with the checksums that the step which wrote them has recorded, before they are used.

A step of data preparation leaves a manifest (``FILE.manifest.json`` beside its result, ``manifest.json`` in a folder)
with the SHA-256 of every file. A disk, a copy or an editor that changes one bit of such a file is noticed here. Files
without a manifest are taken as they are.
"""

from __future__ import annotations

import functools
import glob
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json, sha256_of, write_json

MANIFEST = "manifest.json"
SEAL = "checksum"  # of the manifest itself
LEVELS = 4  # of folders above a file that may hold its manifest
ALWAYS_READ = 2**26  # bytes; a larger file is read again by another process only if its stamp has changed

Stamp = tuple[int, ...]
_seen: dict[str, tuple[Stamp, str]] = {}


def verify(path: str | Path) -> None:
    """Compare a file with its recorded checksum, if there is one.

    Raises:
        InputError: the file is not what was recorded, or the record is damaged.
    """
    verified_digest(path)


def verified_digest(path: str | Path) -> str | None:
    """Return the SHA-256 of a file that has a record, after comparing both; None for a file without.

    Raises:
        InputError: see :func:`verify`.
    """
    absolute = os.path.abspath(path)
    found = recorded_digest(absolute)
    if found is None:
        return None
    manifest, expected = found
    if digest_of(absolute) != expected:
        raise InputError.at(
            path,
            None,
            f"is damaged or was changed: not the file that {manifest} records",
            "make it again, or remove the manifest if the change is meant",
        )
    return expected


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with a checksum of itself, so that a change of any of its values is noticed."""
    plain = {key: value for key, value in record.items() if key != SEAL}
    return {**plain, SEAL: _seal_of(plain)}


def is_intact(record: Mapping[str, Any]) -> bool:
    """Tell whether a manifest is as :func:`sealed` returned it; one without a checksum of itself is believed."""
    return SEAL not in record or record[SEAL] == _seal_of({key: record[key] for key in record if key != SEAL})


def _seal_of(record: Mapping[str, Any]) -> str:
    as_read = json.loads(json.dumps(record))
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()


def recorded_digest(path: str) -> tuple[str, str] | None:
    """Return the manifest that tells the SHA-256 of a file, given by its absolute path, and what it tells."""
    folder, name = os.path.split(path)
    own = f"{path}.{MANIFEST}"
    others = glob.glob(os.path.join(glob.escape(folder), f"*.{MANIFEST}"))  # of several files that one step wrote
    places = [(own, name), *((other, name) for other in sorted(others) if other != own)]
    for _ in range(LEVELS):
        places.append((os.path.join(folder, MANIFEST), name))
        folder, parent = os.path.split(folder)
        if not parent:
            break
        name = f"{parent}/{name}"
    for manifest, name in places:
        try:
            stamp = _stamp(manifest)
        except OSError:
            continue
        digest = _outputs(manifest, stamp).get(name)
        if digest is not None:
            return manifest, digest
    return None


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file.

    A large file that has been read before is not read again as long as its size, its inode and the times of its last
    change, in nanoseconds, stay.
    """
    stamp = _stamp(path)
    if path in _seen and _seen[path][0] == stamp:
        return _seen[path][1]
    large = stamp[0] > ALWAYS_READ
    digest = _remembered(path, stamp) if large else None
    if digest is None:
        digest = sha256_of(path)
        if _stamp(path) != stamp:  # somebody writes it; whoever reads it next shall look again
            return digest
        if large:
            _remember(path, stamp, digest)
    _seen[path] = stamp, digest
    return digest


def _stamp(path: str) -> Stamp:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


@functools.lru_cache(maxsize=256)
def _outputs(manifest: str, stamp: Stamp) -> dict[str, str]:
    try:
        data = Path(manifest).read_bytes()
    except OSError:
        return {}
    try:
        record = parse_json(data.decode("utf-8"))
        if isinstance(record, dict) and not is_intact(record):
            raise ValueError("another checksum")
        outputs = record["outputs"] if isinstance(record, dict) and "outputs" in record else []
        if isinstance(outputs, dict):  # of `download`, by name
            outputs = [{"path": name, **entry} for name, entry in outputs.items()]
        return {entry["path"]: entry["sha256"] for entry in outputs if len(entry["sha256"]) == 64}
    except (ValueError, KeyError, TypeError, RecursionError):
        if b"sha256" not in data:  # another program's
            return {}
        remedy = "make the result again, or remove the manifest if it is not of this package"
        raise InputError.at(manifest, None, "is damaged", remedy) from None


def _note(path: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "fairseq_alignmlm" / "checksums" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"


def _remembered(path: str, stamp: Stamp) -> str | None:
    try:
        note: Any = parse_json(_note(path).read_text(encoding="utf-8"))
        return note["sha256"] if note["stamp"] == list(stamp) and len(note["sha256"]) == 64 else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _remember(path: str, stamp: Stamp, digest: str) -> None:
    try:
        write_json(_note(path), {"stamp": list(stamp), "sha256": digest})
    except OSError:  # nowhere to write; it is read again next time
        return
