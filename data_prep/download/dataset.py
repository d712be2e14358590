"""What is known of a public data set: where it lies, what it must hash to, who may use it, whom to cite."""

from __future__ import annotations

from dataclasses import dataclass


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
