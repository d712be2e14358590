"""MUSE (Conneau et al. 2018): one pair of words a line, separated by a space or by a TAB."""

from __future__ import annotations

from . import MalformedLine, ParsedLine

SUMMARY = "MUSE: two words a line, separated by a space or a TAB"


def parse(line: str) -> ParsedLine:
    """Read ``word translation`` or ``word TAB translation``.

    Raises:
        MalformedLine: not two columns.
    """
    columns = [column.strip() for column in line.split("\t")] if "\t" in line else line.split()
    if len(columns) != 2:
        raise MalformedLine(f"{len(columns)} column{'s' * (len(columns) != 1)} instead of 2")
    return ParsedLine(((columns[0], columns[1]),))
