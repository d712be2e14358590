"""The bytes of a file that have arrived so far, kept until the rest follows."""

from __future__ import annotations

import json
from pathlib import Path

from fairseq_alignmlm.storage import write_json


class PartialFile:
    """``<target>.part``, and in ``<target>.part.json`` which version of the remote file its bytes belong to."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(target.name + ".part")
        self._version_path = target.with_name(target.name + ".part.json")

    def size(self) -> int:
        """Return the number of bytes held."""
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self) -> str:
        """Return the ETag or date of the version, "" when the server told neither."""
        try:
            return str(json.loads(self._version_path.read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def start(self, version: str) -> None:
        """Forget what is held and begin with ``version``."""
        self.path.unlink(missing_ok=True)
        write_json(self._version_path, {"version": version})

    def discard(self) -> None:
        """Remove both files."""
        self.path.unlink(missing_ok=True)
        self._version_path.unlink(missing_ok=True)
