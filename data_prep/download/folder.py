"""A data set's folder: everything of it, checked, with a manifest; or no folder at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path, sha256_of, write_json

from .archive import extract, is_archive
from .catalogue import Dataset, RemoteFile
from .transfer import Patience, TransferError, fetch

MANIFEST = "manifest.json"
CHECKSUMS = "checksums.json"
BY_HAND = "by-hand"
_ARRIVALS = ".arrivals"


class Arrival(NamedTuple):
    """A file that lies on this machine, checked."""

    file: RemoteFile
    path: Path
    sha256: str
    size: int


def obtain(dataset: Dataset, output: Path, patience: Patience | None = None, verified: bool = False) -> bool:
    """Make ``output/<name>`` hold the data set; return False when it already did.

    Args:
        dataset: an entry of the table.
        output: folder of all data sets; it also keeps ``checksums.json``, the sha256 of every address ever fetched.
        patience: see :func:`~data_prep.download.transfer.fetch`.
        verified: refuse files that have no checksum in the table and were never fetched before.

    Raises:
        InputError: a person has to fetch it, a checksum is wanted and unknown, or an archive is damaged or malicious.
        TransferError: the network or the server failed, or the bytes are not the expected ones.
    """
    folder = output / dataset.name
    if is_complete(dataset, folder):
        return False
    arrivals = output / _ARRIVALS / dataset.name
    if dataset.by_hand:
        files = [_handed(dataset, output)]
    else:
        unknown = [file.name for file in dataset.files if not file.sha256 and file.urls[0] not in _recorded(output)]
        if unknown and verified:
            raise InputError(f"{dataset.name}: no checksum is known of {', '.join(unknown)}; leave out --verified")
        files = [_arrive(file, arrivals, output, patience) for file in dataset.files]
    with atomic_path(folder, folder=True) as temporary:
        temporary.mkdir()
        try:
            for arrival in files:
                if arrival.file.unpack:
                    extract(arrival.path, temporary)
            if dataset.nested:
                _extract_nested(temporary)
        except InputError:
            shutil.rmtree(arrivals, ignore_errors=True)  # what cannot be unpacked is not worth keeping
            raise
        for arrival in files:
            if not arrival.file.unpack:
                (temporary / arrival.file.name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(arrival.path, temporary / arrival.file.name)
        write_json(temporary / MANIFEST, _manifest(dataset, files, temporary))
    for arrival in _record(files, output):
        where = f"{dataset.name}/{arrival.file.name}"
        print(f"warning: {where}: no checksum is published; from now on it is {arrival.sha256}", file=sys.stderr)
    shutil.rmtree(arrivals, ignore_errors=True)
    return True


def is_complete(dataset: Dataset, folder: Path) -> bool:
    """Say whether ``folder`` holds what its manifest lists, byte for byte, in this version of the data set."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = {file.name: file for file in dataset.files}
        known = all(wanted[name].sha256 in ("", sha256) for name, sha256 in manifest["inputs"].items())
        expected = set(wanted) == set(manifest["inputs"]) or bool(dataset.by_hand)
        written = manifest["outputs"].items()
        return known and expected and all(sha256_of(folder / name) == own["sha256"] for name, own in written)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _arrive(file: RemoteFile, arrivals: Path, output: Path, patience: Patience | None) -> Arrival:
    """Transfer a file unless it has arrived already, and compare it with earlier downloads."""
    target = arrivals / file.name
    sha256 = sha256_of(target) if target.exists() else ""
    if not sha256 or file.sha256 not in ("", sha256):
        sha256 = fetch(file, target, patience)
    before = _recorded(output).get(file.urls[0], {}).get("sha256", sha256)
    if sha256 != before:
        target.unlink()
        raise TransferError(
            f"{file.urls[0]}: sha256 is {sha256}, at the first download it was {before}; "
            f"if the change is right, remove the entry from {output / CHECKSUMS}"
        )
    return Arrival(file, target, sha256, target.stat().st_size)


def _record(files: list[Arrival], output: Path) -> list[Arrival]:
    """Remember the checksums of addresses seen for the first time; return those that the table does not state."""
    recorded = _recorded(output)
    today = date.today().isoformat()
    new = [arrival for arrival in files if not arrival.file.urls or arrival.file.urls[0] not in recorded]
    for arrival in new:
        for url in arrival.file.urls[:1]:
            recorded[url] = {"sha256": arrival.sha256, "bytes": arrival.size, "first": today}
    write_json(output / CHECKSUMS, recorded)
    return [arrival for arrival in new if not arrival.file.sha256]


def _recorded(output: Path) -> dict[str, dict[str, Any]]:
    path = output / CHECKSUMS
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InputError.at(path, None, f"not JSON ({error})", "repair it or remove it") from error


def _handed(dataset: Dataset, output: Path) -> Arrival:
    """Return the file a person has put into ``by-hand``; any one of the data set's files will do."""
    place = output / BY_HAND
    for file in dataset.files:
        path = place / file.name
        if path.exists():
            sha256 = sha256_of(path)
            if file.sha256 not in ("", sha256):
                raise InputError.at(path, None, f"sha256 is {sha256}, expected {file.sha256}", "fetch it again")
            return Arrival(file, path, sha256, path.stat().st_size)
    names = " or ".join(file.name for file in dataset.files)
    raise InputError(
        f"{dataset.name} must be fetched by hand: {dataset.by_hand}; put {names} into {place} and run this again"
    )


def _extract_nested(folder: Path) -> None:
    for archive in sorted(path for path in folder.rglob("*") if path.is_file() and is_archive(path)):
        extract(archive, archive.with_name(archive.name.split(".")[0]))
        archive.unlink()


def _manifest(dataset: Dataset, files: list[Arrival], folder: Path) -> dict[str, Any]:
    written = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    sizes = [path.stat().st_size for path in written]
    outputs = {
        path.relative_to(folder).as_posix(): {"bytes": size, "sha256": sha256_of(path)}
        for path, size in zip(written, sizes, strict=True)
    }
    return {
        "command": f"download {dataset.name}",
        "versions": {"fairseq_alignmlm": __version__},
        "title": dataset.title,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "homepage": dataset.homepage,
        "date": date.today().isoformat(),
        "inputs": {arrival.file.name: arrival.sha256 for arrival in files},
        "outputs": outputs,
        "counts": {"files": len(outputs), "bytes": sum(sizes)},
    }
