"""Sentence pairs in tables with a header, as NLI data sets are published: TAB- or comma-separated.

Comma-separated tables are quoted as CSV. TAB-separated ones mostly are not (MultiNLI, XNLI: a text may begin with a
quote that nothing closes), so there a line is a row, and quotes have a meaning only where the whole row is proper CSV.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from .sentence_pairs import ALIASES, SentencePair

# Names of the columns: first and second sentence, label.
NAMES = (
    ("sentence1", "premise", "prem"),
    ("sentence2", "hypothesis", "hyp"),
    ("gold_label", "label"),
)
LABELS = ("contradiction", "entailment", "neutral")
NOT_WANTED = "another value than --where asks for"


class Unusable(NamedTuple):
    """A row that gives no example: why, and its line."""

    reason: str
    line: int


def read_pair_table(
    path: Path,
    columns: Sequence[str] | None = None,
    labels: Sequence[str] = LABELS,
    where: Mapping[str, str] | None = None,
) -> Iterator[SentencePair | Unusable]:
    """Yield the examples of a table in order; white space within a sentence becomes one space.

    Args:
        path: a table with a header line; TAB-separated if there is a TAB in the header, else comma-separated.
        columns: names of the columns of the first sentence, the second and the label; by default the first of each
            kind in `NAMES` that the header has.
        labels: what a label may be, besides its aliases; another one (``-`` where annotators disagreed) is unusable.
        where: what other columns have to hold; a row that holds something else is unusable, for `NOT_WANTED`.

    Raises:
        InputError: no such file, not UTF-8, or a column is missing.
    """
    csv.field_size_limit(1 << 24)
    lines = (f"{line.text}\n" for line in numbered_lines(path))
    try:
        header = next(lines, "")
        delimiter = "\t" if "\t" in header else ","
        names = next(csv.reader([header.rstrip("\n")], delimiter=delimiter), [])
        places = _places(path, names, columns)
        wanted = {_place(path, names, [name], "correct --where"): value for name, value in (where or {}).items()}
        for line, row in _tab_rows(lines, len(names)) if delimiter == "\t" else _comma_rows(lines):
            yield _example(row, places, labels, wanted, line)
    except csv.Error as error:
        raise InputError.at(path, None, str(error), "correct the quotes") from None


def _comma_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(lines)
    line = 2
    for row in rows:
        yield line, row
        line = rows.line_num + 2


def _tab_rows(lines: Iterable[str], width: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 2):
        text = line.rstrip("\n")
        row = text.split("\t")
        if '"' in text:
            try:
                quoted = next(csv.reader([text], delimiter="\t", strict=True))
            except csv.Error:  # a quote that is not closed, or text after the one that closes
                quoted = []
            row = quoted if len(quoted) == width else row
        yield number, row


def _places(path: Path, names: Sequence[str], columns: Sequence[str] | None) -> list[int]:
    kinds = [[name] for name in columns] if columns else NAMES
    return [_place(path, names, kind, "name the three with --columns") for kind in kinds]


def _place(path: Path, names: Sequence[str], choices: Sequence[str], remedy: str) -> int:
    found = next((name for name in choices if name in names), None)
    if found is None:
        what = f"no column {' or '.join(choices)} among {', '.join(names) or 'none'}"
        raise InputError.at(path, 1, what, remedy)
    return names.index(found)


def _example(
    row: Sequence[str], places: Sequence[int], labels: Sequence[str], wanted: Mapping[int, str], line: int
) -> SentencePair | Unusable:
    if len(row) <= max(*places, *wanted):
        return Unusable("too few columns", line)
    if any(row[place].strip() != value for place, value in wanted.items()):
        return Unusable(NOT_WANTED, line)
    first, second, label = (" ".join(row[place].split()) for place in places)
    label = ALIASES.get(label, label)
    if not first or not second:
        return Unusable("an empty sentence", line)
    if label not in labels:
        return Unusable(f"label {label!r}", line)
    return SentencePair(first, second, label, line)
