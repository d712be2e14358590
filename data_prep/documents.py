"""Documents of a raw corpus: wikiextractor files, running text, or one sentence a line."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

from .line_blocks import decode

FORMATS = ("wikiextractor", "plain", "lines")
LONGEST_DOCUMENT = 1000  # lines: a longer one goes on as the next, so that memory does not grow with documents
LINES_TO_DETECT = 200
MANY = 0.05  # share of lines with several sentences above which lines are paragraphs

TITLE = re.compile(rb'\btitle="(.*)">\s*$')
MARKUP = re.compile(r"</?[A-Za-z]+(?:\s[^<>]*)?/?>")


class Document(NamedTuple):
    """Lines that belong together.

    Attributes:
        number: its place in the corpus, from 0.
        lines: the lines, none of them blank.
        paragraphs: True when a line may hold several sentences.
    """

    number: int
    lines: list[str]
    paragraphs: bool


def find_files(inputs: Sequence[Path]) -> list[Path]:
    """Return the files of a corpus: files as given, folders searched in full, in the order of their names.

    Raises:
        InputError: a path does not exist, or there is no file in any of them.
    """
    files: list[Path] = []
    for path in inputs:
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
            files += sorted(found)
        elif path.exists():
            files.append(path)
        else:
            raise InputError.at(path, None, "no such file or folder", "check the path of the corpus")
    if not files:
        raise InputError(f"{', '.join(map(str, inputs))}: no files; give the files or folders of a corpus")
    return files


def detect_format(path: Path, sentences: Callable[[str], list[str]]) -> str:
    """Return the format of a file, judged by its first non-blank lines.

    Args:
        path: the file.
        sentences: splits a paragraph; lines that often hold several sentences are paragraphs.

    Raises:
        InputError: one of those lines is not UTF-8.
    """
    with open(path, "rb") as handle:
        lines = list(islice((decode(raw, str(path), n).strip() for n, raw in enumerate(handle, 1)), LINES_TO_DETECT))
    lines = [line for line in lines if line]
    if lines and lines[0].startswith("<doc "):
        return "wikiextractor"
    several = sum(len(sentences(line)) > 1 for line in lines)
    return "plain" if several > MANY * len(lines) else "lines"


def read_documents(files: Iterable[tuple[Path, str]], dropped: Counter[str]) -> Iterator[Document]:
    """Yield the documents of a corpus, one at a time.

    A wikiextractor document is what stands between ``<doc ...>`` and ``</doc>``, less its title; in the other formats
    a blank line ends a document.

    Args:
        files: every file with its format.
        dropped: counts what is left out, by reason.

    Raises:
        InputError: a line is not UTF-8.
    """
    index = 0
    for path, form in files:
        groups = _wikiextractor(path, dropped) if form == "wikiextractor" else _blank_separated(path)
        for lines in groups:
            for start in range(0, len(lines), LONGEST_DOCUMENT):
                yield Document(index, lines[start : start + LONGEST_DOCUMENT], form != "lines")
                index += 1


def _blank_separated(path: Path) -> Iterator[list[str]]:
    lines: list[str] = []
    with open(path, "rb") as handle:
        for number, raw in enumerate(handle, 1):
            line = decode(raw, str(path), number).strip()
            if line:
                lines.append(line)
            if lines and (not line or len(lines) == LONGEST_DOCUMENT):
                yield lines
                lines = []
    if lines:
        yield lines


def _wikiextractor(path: Path, dropped: Counter[str]) -> Iterator[list[str]]:
    lines: list[str] = []
    title = ""
    inside = False
    with open(path, "rb") as handle:
        for number, raw in enumerate(handle, 1):
            if raw.startswith((b"<doc ", b"</doc>")):
                if lines:
                    yield lines
                elif inside:
                    dropped["empty documents"] += 1
                lines = []
                inside = raw.startswith(b"<doc ")
                found = TITLE.search(raw)
                title = _plain(decode(found[1], str(path), number)) if found else ""
                continue
            line = _plain(decode(raw, str(path), number))
            if not line:
                continue
            if not inside:
                dropped["lines outside documents"] += 1
            elif line == title:
                dropped["titles"] += 1
                title = ""
            else:
                lines.append(line)
    if lines:
        yield lines


def _plain(line: str) -> str:
    """Resolve entities and take out what is left of HTML markup."""
    if "&" in line:
        line = html.unescape(line)
    if "<" in line:
        line = MARKUP.sub(" ", line)
    return line.strip()
