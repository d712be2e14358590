"""Parts of a long result that are already there, so that work which was stopped goes on where it stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fairseq_alignmlm.storage import atomic_path, parse_json, write_json


class FinishedParts:
    """Numbered parts in a folder beside the result, each complete or absent.

    Parts made with other settings, or from other input, are removed at the start.
    """

    def __init__(self, result: Path, settings: Mapping[str, Any]) -> None:
        """Find the parts of ``result`` that were made with ``settings`` (JSON values)."""
        self._folder = self._folder_of(result)
        record = self._folder / "settings.json"
        try:
            same = parse_json(record.read_text(encoding="utf-8")) == dict(settings)
        except (OSError, ValueError):
            same = False
        if not same:
            if any(self._folder.glob("*.conllu")):
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True)  # another machine may have just made it
            write_json(record, dict(settings))
        self.done = {int(path.stem) for path in self._folder.glob("*.conllu") if path.with_suffix(".json").is_file()}
        """Numbers of the parts that are there."""

    @staticmethod
    def _folder_of(result: Path) -> Path:
        return result.with_name(f".{result.name}.parts")

    @classmethod
    def wait_for(cls, result: Path) -> bool:
        """Say whether work on a result has begun and not come to its end."""
        return cls._folder_of(result).is_dir()

    @classmethod
    def remove(cls, result: Path) -> None:
        """Remove the parts of a result that is complete."""
        shutil.rmtree(cls._folder_of(result), ignore_errors=True)

    def write(self, number: int, text: str, counts: Mapping[str, int]) -> None:
        """Write a part and its counts."""
        path = self._folder / f"{number:08d}.conllu"
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        write_json(path.with_suffix(".json"), dict(counts))
        self.done.add(number)

    def in_order(self) -> Iterator[tuple[Path, dict[str, int]]]:
        """Yield the file and the counts of every part."""
        for number in sorted(self.done):
            path = self._folder / f"{number:08d}.conllu"
            yield path, parse_json(path.with_suffix(".json").read_text(encoding="utf-8"))
