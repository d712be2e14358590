"""One sentence a line in a column of a TAB-separated file, as in BUCC: ``id TAB sentence``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import Skipped

SUMMARY = "a sentence a line, in one of its columns separated by TABs (BUCC)"


def read(lines: Iterable[str], column: int | None = None) -> Iterator[str | Skipped]:
    """Yield the sentences.

    Args:
        lines: without line ends; blank ones are passed over.
        column: of the sentence, from 1; None: the second.
    """
    place = column or 2
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) < place:
            yield Skipped(f"{len(columns)} column{'s' * (len(columns) > 1)}, no column {place}", number)
        elif not (sentence := columns[place - 1].strip()):
            yield Skipped(f"nothing in column {place}", number)
        else:
            yield sentence
