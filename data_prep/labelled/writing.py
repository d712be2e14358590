"""Labelled data of a task in one language: ``<split>.tsv``, and each side of its examples in binarized form."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.lexicon.vocabulary import write_symbols
from fairseq_alignmlm.progress import track

from ..vocabulary.mmap_dataset import binarize_files
from .derivation import Derivation, Reorderer, tree_file
from .unlabelled import lacks_labels


class Example(NamedTuple):
    """One example as it is written: its text in the table, and a line of symbols for every side."""

    table: str
    sides: tuple[str, ...]


@dataclass(frozen=True)
class LabelledFile:
    """A labelled file that is to become examples of a language.

    Attributes:
        path: the file.
        derivation: the language.
        reorderer: gives the word order of every text.
        labels: those that may occur, with their counts in the training data.
        train: the file that the labels are from, for messages.
        counts: of the manifest.
        placeholder: of a test file without labels: the label that is binarized in their place, and only there.
    """

    path: Path
    derivation: Derivation
    reorderer: Reorderer
    labels: Mapping[str, int]
    train: Path
    counts: Counter[str]
    placeholder: str = ""


class LabelledTask(Protocol):
    """What writing needs to know of a task.

    Attributes:
        name: its name in XTREME.
        sides: folders in ``bin/``; the last holds the labels.
    """

    @property
    def name(self) -> str: ...

    @property
    def sides(self) -> tuple[str, ...]: ...

    def examples(self, file: LabelledFile) -> Iterator[Example]:
        """Yield the examples of a file in its language, and count what there is to report."""
        ...


def write_language(
    task: LabelledTask,
    derivation: Derivation,
    data: Mapping[str, Path],
    trees: Mapping[str, Path | None],
    labels: Mapping[str, int],
    folder: Path,
    labels_of: Path | None = None,
) -> dict[str, Any]:
    """Write ``<split>.tsv`` and ``bin/<side>/{dict.txt,<split>.bin,<split>.idx}`` of one language.

    A test file without labels becomes ``test.txt``: nothing can be scored with it.

    Args:
        task: the task.
        derivation: the language.
        data: the labelled file of each split.
        trees: the file of trees of each split, if one was given.
        labels: with their counts in the training data, the same for all languages.
        folder: an empty folder.
        labels_of: the file that the labels are from, for messages (default: the training data).

    Returns:
        Counts for the manifest.
    """
    scratch = folder / "scratch"
    scratch.mkdir()
    found: dict[str, Any] = {}
    for split, path in data.items():
        transformation = derivation.transformation()
        given = tree_file(path, trees.get(split), derivation.parsed(task.name, split), transformation)
        reorderer = Reorderer(transformation, derivation.seed, path, given)
        counts: Counter[str] = Counter()
        unlabelled = split == "test" and lacks_labels(task.name, path)
        placeholder = next(iter(labels)) if unlabelled else ""
        file = LabelledFile(path, derivation, reorderer, labels, labels_of or data["train"], counts, placeholder)
        with ExitStack() as stack:
            paths = [
                folder / f"{split}.{'txt' if unlabelled else 'tsv'}",
                *(scratch / f"{split}.{side}" for side in task.sides),
            ]
            table, *sides = (stack.enter_context(open(to, "w", encoding="utf-8", newline="\n")) for to in paths)
            for example in track(task.examples(file), f"{task.name} {derivation.language}, {split}", unit="examples"):
                table.write(example.table)
                for handle, line in zip(sides, example.sides, strict=True):
                    handle.write(line + "\n")
        reorderer.finish()
        found[split] = {**counts, "not transformed": dict(sorted(reorderer.reports.items()))}
    write_symbols(scratch / "labels.txt", labels, labels)
    for side in task.sides:
        symbols = scratch / "labels.txt" if side == task.sides[-1] else derivation.pair.symbols
        binarize_files({split: scratch / f"{split}.{side}" for split in data}, symbols, folder / "bin" / side)
        if side != task.sides[-1]:
            derivation.identity().write(folder / "bin" / side / FILE_NAME)
    shutil.rmtree(scratch)
    return found
