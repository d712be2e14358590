"""What is known of public data sets (catalogue.yaml): where they lie, checksums, licences, whom to cite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from fairseq_alignmlm.errors import InputError

_GITHUB = "https://raw.githubusercontent.com/{}/{}/{}"


@dataclass(frozen=True)
class RemoteFile:
    """One file to fetch.

    Attributes:
        name: relative path under the data set's folder, ``/`` as separator.
        urls: the address, then mirrors that serve the same bytes.
        sha256: 64 hexadecimal digits, or "" when unknown: then it is recorded at the first download.
        size: bytes, or 0 when unknown.
        unpack: extract it into the data set's folder instead of keeping it.
    """

    name: str
    urls: tuple[str, ...]
    sha256: str = ""
    size: int = 0
    unpack: bool = False

    @classmethod
    def of(cls, row: str) -> RemoteFile:
        """Read ``name bytes sha256 [unpack] address ...``."""
        name, size, sha256, *rest = row.split()
        unpack = rest[:1] == ["unpack"]
        return cls(name, tuple(map(_url, rest[unpack:])), sha256.strip("?"), int(size), unpack)


@dataclass(frozen=True)
class Dataset:
    """One entry of the table.

    Attributes:
        name: what the command line calls it, also its folder.
        title: one line for people.
        licence: as its owners state it.
        citation: who made it, where and when it was published.
        homepage: where to read more.
        files: what is fetched (or, by hand, what is expected).
        by_hand: empty, or what a person has to do because no server hands it to a program.
        nested: archives inside the archive are extracted too, each into a folder of its own name.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    files: tuple[RemoteFile, ...]
    by_hand: str = ""
    nested: bool = False

    @property
    def size(self) -> int:
        """Bytes to transfer, 0 when a part is unknown."""
        sizes = [file.size for file in self.files]
        return sum(sizes) if all(sizes) else 0


def _url(address: str) -> str:
    if not address.startswith("github:"):
        return address
    place, _, path = address.removeprefix("github:").partition(":")
    return _GITHUB.format(*place.split("@"), quote(path))


def _datasets(name: str, entry: dict[str, Any]) -> Iterable[Dataset]:
    """Yield the data sets of an entry: one, or one for each value of its ``each``."""
    kinds = entry.pop("each", "").split() or [""]
    of_files = entry.pop("each_file", "").split() or [""]
    rows = entry.pop("files")
    for kind in kinds:
        files = [RemoteFile.of(row.replace("{each}", value or kind)) for value in of_files for row in rows]
        texts: dict[str, Any] = {
            key: text.replace("{each}", kind) if isinstance(text, str) else text for key, text in entry.items()
        }
        yield Dataset(name.replace("{each}", kind), files=tuple(files), **texts)


def _read(path: Path) -> tuple[dict[str, Dataset], dict[str, tuple[str, ...]]]:
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    groups = {name: tuple(members.split()) for name, members in entries.pop("groups").items()}
    return {own.name: own for name, entry in entries.items() for own in _datasets(name, entry)}, groups


DATASETS, GROUPS = _read(Path(__file__).with_name("catalogue.yaml"))


def find(names: Iterable[str]) -> list[Dataset]:
    """Return the data sets of ``names``, groups spelt out, each once, in the order given.

    Raises:
        InputError: a name is neither a data set nor a group.
    """
    found: dict[str, Dataset] = {}
    for name in names:
        if name not in DATASETS and name not in GROUPS:
            known = ", ".join(own for own in [*DATASETS, *GROUPS] if not own.startswith("muse-") or "en-fr" in own)
            raise InputError(f"unknown data set {name!r}; choose from {known}; `--list` shows all")
        for member in GROUPS.get(name, (name,)):
            found[member] = DATASETS[member]
    return list(found.values())
