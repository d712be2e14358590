"""Files of XTREME's folders: where they come from, and what is written into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines


class File(NamedTuple):
    """A file to write.

    Attributes:
        name: in the task's folder.
        inputs: what it is made of.
        text: returns its content, piece by piece.
        labels: it holds the labels of a test file, which XTREME takes out.
    """

    name: str
    inputs: Sequence[Path]
    text: Callable[[], Iterable[str]]
    labels: bool = False


class Downloads:
    """What `download` has left.

    Args:
        root: a folder for each data set.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def all(self, dataset: str, pattern: str) -> list[Path]:
        """Return the files of a data set that fit a pattern at any depth, in order of their names.

        Raises:
            InputError: the data set is not there.
        """
        folder = self._root / dataset
        if not folder.is_dir():
            raise InputError.at(
                folder, None, "no such folder", f"alignmlm-data download {dataset} --output {self._root}"
            )
        found = (path for path in folder.rglob(pattern) if path.is_file() and not path.name.startswith("."))
        return sorted(found, key=lambda path: (path.name, path))

    def one(self, dataset: str, pattern: str) -> Path:
        """Return the one file of a data set that fits a pattern at any depth.

        Raises:
            InputError: there is none, or there are several.
        """
        found = self.all(dataset, pattern)
        if len(found) != 1:
            what = f"has {len(found) or 'no'} files {pattern}" if len(found) != 1 else ""
            raise InputError.at(self._root / dataset, None, what, "download it again, or take the other copy away")
        return found[0]


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file without surrounding white space, as XTREME's scripts read them."""
    return (line.text.strip() for line in numbered_lines(path))


def copied(path: Path) -> Iterator[str]:
    """Yield a text as it is."""
    with open(path, encoding="utf-8", newline="") as handle:
        yield from handle
