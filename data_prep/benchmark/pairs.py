"""xnli and pawsx: pairs of sentences with a label, the pair alone in test files, written as Python's csv does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

from ..labelled.sentence_pairs import ALIASES
from .files import Downloads, File, lines_of

ENGLISH = "en"


class Columns(NamedTuple):
    """Where the two sentences and the label stand, and the language if the file has several."""

    first: int
    second: int
    label: int
    language: int | None = None


XNLI, XNLI_TRAIN, PAWSX = Columns(6, 7, 1, 0), Columns(0, 1, 2), Columns(1, 2, 3)


def xnli(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of natural language inference; training data are those of XNLI-MT, which are MultiNLI's."""
    train = downloads.one("xnli-mt", "multinli.train.en.tsv")
    yield File("train-en.tsv", [train], partial(_table, train, XNLI_TRAIN, ENGLISH, True))
    for split in ("dev", "test"):
        path = downloads.one("xnli", f"xnli.{split}.tsv")
        for language in languages:
            yield from _files(split, language, path, XNLI)


def pawsx(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of paraphrases."""
    for split, name in (("train", "train"), ("dev", "dev_2k"), ("test", "test_2k")):
        for language in languages if split != "train" else [ENGLISH]:
            yield from _files(split, language, downloads.one("pawsx", f"{language}/{name}.tsv"), PAWSX)


def _files(split: str, language: str, path: Path, columns: Columns) -> Iterator[File]:
    name = f"{split}-{language}.tsv"
    yield File(name, [path], partial(_table, path, columns, language, split != "test"))
    if split == "test":
        yield File(name, [path], lambda: (f"{label}\n" for _, _, label in _rows(path, columns, language)), labels=True)


def _table(path: Path, columns: Columns, language: str, with_label: bool) -> Iterator[str]:
    for row in _rows(path, columns, language):
        yield _csv(row if with_label else row[:2])


def _csv(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerow(cells)
    return out.getvalue()


def _rows(path: Path, columns: Columns, language: str) -> Iterator[tuple[str, str, str]]:
    found = False
    for number, line in enumerate(islice(lines_of(path), 1, None), 2):
        cells = line.split("\t")
        if len(cells) <= max(columns.first, columns.second, columns.label):
            raise InputError.at(path, number, f"has {len(cells)} columns", "download it again")
        if columns.language is None or cells[columns.language].strip() == language:
            found = True
            label = cells[columns.label].strip()
            yield cells[columns.first].strip(), cells[columns.second].strip(), ALIASES.get(label, label)
    if not found:
        raise InputError.at(path, None, f"has no pair in {language!r}", "leave it out of --languages")
