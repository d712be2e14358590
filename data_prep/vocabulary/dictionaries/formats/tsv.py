"""Two columns separated by a TAB, as in XLing-Eval (Glavaš et al. 2019); a column may be a phrase."""

from __future__ import annotations

from . import MalformedLine, ParsedLine

SUMMARY = "XLing-Eval and the like: word TAB translation"


def parse(line: str) -> ParsedLine:
    """Read ``word TAB translation``.

    Raises:
        MalformedLine: not two columns.
    """
    columns = line.split("\t")
    if len(columns) != 2:
        raise MalformedLine(f"{len(columns)} column{'s' * (len(columns) != 1)} instead of 2")
    return ParsedLine(((columns[0].strip(), columns[1].strip()),))
