"""Sentence pairs in tables with a header, as NLI data sets are published: TAB- or comma-separated, quoted as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

from .sentence_pairs import ALIASES, SentencePair

# Names of the columns: first and second sentence, label.
NAMES = (
    ("sentence1", "premise", "prem"),
    ("sentence2", "hypothesis", "hyp"),
    ("gold_label", "label"),
)
LABELS = ("contradiction", "entailment", "neutral")


class Unusable(NamedTuple):
    """A row that gives no example: why, and its line."""

    reason: str
    line: int


def read_pair_table(
    path: Path, columns: Sequence[str] | None = None, labels: Sequence[str] = LABELS
) -> Iterator[SentencePair | Unusable]:
    """Yield the examples of a table in order; white space within a sentence becomes one space.

    Args:
        path: a table with a header line; TAB-separated if there is a TAB in the header, else comma-separated.
        columns: names of the columns of the first sentence, the second and the label; by default the first of each
            kind in `NAMES` that the header has.
        labels: what a label may be, besides its aliases; another one (``-`` where annotators disagreed) is unusable.

    Raises:
        InputError: no such file, not UTF-8, or a column is missing.
    """
    if not path.is_file():
        raise InputError.at(path, None, "no such file", "check the path")
    csv.field_size_limit(1 << 24)
    with open(path, encoding="utf-8-sig", newline="") as handle:
        try:
            header = handle.readline()
            delimiter = "\t" if "\t" in header else ","
            names = next(csv.reader([header.rstrip("\r\n")], delimiter=delimiter), [])
            places = _places(path, names, columns)
            rows = csv.reader(handle, delimiter=delimiter)
            line = 2
            for row in rows:
                yield _example(row, places, labels, line)
                line = rows.line_num + 2
        except UnicodeDecodeError as error:
            raise InputError.at(path, None, f"not UTF-8 ({error.reason})", "convert the file") from None
        except csv.Error as error:
            raise InputError.at(path, None, str(error), "correct the quotes") from None


def _places(path: Path, names: Sequence[str], columns: Sequence[str] | None) -> list[int]:
    places = []
    for choices in ([name] for name in columns) if columns else NAMES:
        found = next((name for name in choices if name in names), None)
        if found is None:
            what = f"no column {' or '.join(choices)} among {', '.join(names) or 'none'}"
            raise InputError.at(path, 1, what, "name the three with --columns")
        places.append(names.index(found))
    return places


def _example(row: Sequence[str], places: Sequence[int], labels: Sequence[str], line: int) -> SentencePair | Unusable:
    if len(row) <= max(places):
        return Unusable("too few columns", line)
    first, second, label = (" ".join(row[place].split()) for place in places)
    label = ALIASES.get(label, label)
    if not first or not second:
        return Unusable("an empty sentence", line)
    if label not in labels:
        return Unusable(f"label {label!r}", line)
    return SentencePair(first, second, label, line)
