"""A report as one Markdown file with its figures beside it, and as one self-contained HTML page."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from fairseq_alignmlm.analysis.table import Table

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; max-width: 76rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
figure { margin: 1.5rem 0; } figure.table { overflow-x: auto; }
img { max-width: 100%; height: auto; } figcaption, .note { color: #555; font-size: 0.9rem; }
table { border-collapse: collapse; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.5rem; }
th, td { padding: 0.25rem 0.45rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }
thead th { white-space: normal; vertical-align: bottom; border-bottom: 2px solid #888; }
.name { text-align: left; } code { font-size: 0.85em; overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Picture:
    """A rendered figure.

    Attributes:
        name: of its files, without the ending.
        caption: what it shows.
        png: its pixels, for the Markdown file.
        svg: its drawing, for the HTML page.
        pdf: as wide as a column, for a paper.
    """

    name: str
    caption: str
    png: bytes
    svg: bytes
    pdf: bytes


@dataclass
class Section:
    """A heading, sentences, a list, tables, pictures and signatures, in this order; any may be empty."""

    title: str
    text: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)


def markdown_page(title: str, sections: Sequence[Section]) -> str:
    """Return the report as Markdown; pictures are links to ``<name>.png`` beside it."""
    parts = [f"# {title}"]
    for section in sections:
        parts += [f"## {section.title}", *section.text]
        parts += ["\n".join(f"- {point}" for point in section.points)] if section.points else []
        parts += [table.markdown() for table in section.tables]
        parts += [f"![{picture.caption}]({picture.name}.png)" for picture in section.pictures]
        parts += ["\n".join(["```", *section.signatures, "```"])] if section.signatures else []
    return "\n\n".join(parts) + "\n"


def html_page(title: str, sections: Sequence[Section]) -> str:
    """Return the report as one HTML page that loads nothing; all text is escaped."""
    body = [f"<h1>{html.escape(title)}</h1>"]
    for section in sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(text)}</p>" for text in section.text]
        if section.points:
            body.append("<ul>" + "".join(f"<li>{html.escape(point)}</li>" for point in section.points) + "</ul>")
        body += [table.html() for table in section.tables]
        body += [_image(picture) for picture in section.pictures]
        if section.signatures:
            body.append(
                "<ul>" + "".join(f"<li><code>{html.escape(line)}</code></li>" for line in section.signatures) + "</ul>"
            )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _image(picture: Picture) -> str:
    data = base64.b64encode(picture.svg).decode("ascii")
    caption = html.escape(picture.caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
