"""A table, written for a terminal, in Markdown, in HTML or as CSV."""

from __future__ import annotations

import csv
import html
import io
from dataclasses import dataclass

ABSENT = "–"


@dataclass(frozen=True)
class Table:
    """Text cells under a header.

    Attributes:
        title: what it shows.
        header: one name a column.
        rows: as many cells as columns each.
        left: how many columns hold names and are aligned to the left.
        note: what marks mean, below it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse ragged tables."""
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError(f"{self.title}: a row has not {len(self.header)} cells")

    def text(self) -> str:
        """Return lines with aligned columns."""
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]

        def line(cells: tuple[str, ...]) -> str:
            padded = [
                cell.ljust(width) if number < self.left else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            return "  ".join(padded).rstrip()

        rule = "-" * len(line(tuple("x" * width for width in widths)))
        return "\n".join(
            [self.title, rule, line(self.header), rule, *map(line, self.rows), *([self.note] if self.note else [])]
        )

    def markdown(self) -> str:
        """Return a Markdown table under a heading."""

        def line(cells: tuple[str, ...]) -> str:
            return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

        rule = tuple("---" if number < self.left else "---:" for number in range(len(self.header)))
        parts = [f"### {self.title}", "", line(self.header), line(rule), *map(line, self.rows)]
        return "\n".join([*parts, *(["", self.note] if self.note else [])])

    def html(self) -> str:
        """Return a ``<table>`` element with its caption; all text is escaped."""

        def line(tag: str, cells: tuple[str, ...]) -> str:
            shown = [
                f"<{tag}{' class=name' if number < self.left else ''}>{html.escape(cell)}</{tag}>"
                for number, cell in enumerate(cells)
            ]
            return f"<tr>{''.join(shown)}</tr>"

        note = f"<p class=note>{html.escape(self.note)}</p>" if self.note else ""
        body = "\n".join(line("td", row) for row in self.rows)
        return (
            f"<figure class=table><table><caption>{html.escape(self.title)}</caption>\n"
            f"<thead>{line('th', self.header)}</thead>\n<tbody>\n{body}\n</tbody></table>{note}</figure>"
        )

    def csv(self) -> str:
        """Return comma-separated values with a header line."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return out.getvalue()
