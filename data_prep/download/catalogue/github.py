"""Single files of a repository at a fixed commit, whose bytes therefore never change."""

from __future__ import annotations

from urllib.parse import quote

from ..dataset import RemoteFile


def pinned(repository: str, commit: str, path: str, size: int = 0, sha256: str = "", name: str = "") -> RemoteFile:
    """Describe one file of a GitHub repository.

    Args:
        repository: ``owner/name``.
        commit: 40 hexadecimal digits.
        path: where it lies in the repository.
        size: bytes, 0 when unknown.
        sha256: "" when unknown.
        name: what to call it here; the last part of ``path`` by default.
    """
    url = f"https://raw.githubusercontent.com/{repository}/{commit}/{quote(path)}"
    return RemoteFile(name or path.rpartition("/")[2], (url,), sha256, size)
