"""Documents of a raw corpus: wikiextractor files, WikiText, running text, or one sentence a line."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

FORMATS = ("wikiextractor", "wikitext", "plain", "lines")
LONGEST_DOCUMENT = 1000  # lines: a longer one goes on as the next, so that memory does not grow with documents
LINES_TO_DETECT = 200
MANIFEST = "manifest.json"
MANY = 0.05  # share of lines with several sentences above which lines are paragraphs

MARKUP = re.compile(r"</?[A-Za-z]+(?:\s[^<>]*)?/?>")
# WikiText (Merity et al. 2017): ` = Title = ` and ` = = Section = = `, and text whose words stand apart already.
HEADING_MARKS = re.compile(r"(?:= )+")
INFIX = re.compile(r"@([-,.])@")  # `5 @-@ inch`, `1 @,@ 000`, `3 @.@ 5`
APOSTROPHE = re.compile(r"(?<=\w) (?='(?:s|t|re|ve|ll|d|m)\b)")  # `river 's`, `didn 't`


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


def find_files(inputs: Sequence[Path], skipped: Counter[str]) -> list[Path]:
    """Return the files of a corpus: files as given, folders searched in full, in the order of their names.

    Args:
        inputs: files and folders.
        skipped: counts the files of a folder that are no part of a corpus: hidden ones, or in a hidden folder, and the
            manifests that the verbs of this package leave.

    Raises:
        InputError: a path does not exist, or there is no file in any of them.
    """
    files: list[Path] = []
    for path in inputs:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                if any(part.startswith(".") for part in file.relative_to(path).parts):
                    skipped["hidden files"] += 1
                elif file.name == MANIFEST or file.name.endswith(f".{MANIFEST}"):
                    skipped["manifests"] += 1
                else:
                    files.append(file)
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
    lines = [line.text.strip() for line in islice(numbered_lines(path), LINES_TO_DETECT) if line.text.strip()]
    if lines and lines[0].startswith("<doc "):
        return "wikiextractor"
    levels = [_heading_level(line) for line in lines]
    if any(levels) and (levels[0] or any(INFIX.search(line) for line in lines)):
        return "wikitext"
    several = sum(len(sentences(line)) > 1 for line in lines)
    return "plain" if several > MANY * len(lines) else "lines"


def read_documents(files: Iterable[tuple[Path, str]], dropped: Counter[str]) -> Iterator[Document]:
    """Yield the documents of a corpus, one at a time.

    A wikiextractor document is what stands between ``<doc ...>`` and ``</doc>``, less its title. One of WikiText is an
    article, less its headings, its words joined as they were before it was published; the verb `sentences` takes them
    apart again. In the other formats a blank line ends a document.

    Args:
        files: every file with its format.
        dropped: counts what is left out, by reason.

    Raises:
        InputError: a line is not UTF-8.
    """
    index = 0
    for path, form in files:
        if form == "wikiextractor":
            groups = _wikiextractor(path, dropped)
        elif form == "wikitext":
            groups = _wikitext(path, dropped)
        else:
            groups = _blank_separated(path)
        for lines in groups:
            for start in range(0, len(lines), LONGEST_DOCUMENT):
                yield Document(index, lines[start : start + LONGEST_DOCUMENT], form != "lines")
                index += 1


def _blank_separated(path: Path) -> Iterator[list[str]]:
    lines: list[str] = []
    for _, text in numbered_lines(path):
        line = text.strip()
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
    for _, text in numbered_lines(path):
        if text.startswith(("<doc ", "</doc>")):
            if lines:
                yield lines
            elif inside:
                dropped["empty documents"] += 1
            lines = []
            inside = text.startswith("<doc ")
            _, _, after = text.rstrip().partition(' title="')
            title = _plain(after.removesuffix('">')) if after.endswith('">') else ""
            continue
        line = _plain(text)
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


def _wikitext(path: Path, dropped: Counter[str]) -> Iterator[list[str]]:
    lines: list[str] = []
    for _, text in numbered_lines(path):
        line = text.strip()
        level = _heading_level(line)
        if lines and (level == 1 or len(lines) == LONGEST_DOCUMENT):
            yield lines
            lines = []
        if level:
            dropped["headings"] += 1
        elif line:
            lines.append(APOSTROPHE.sub("", _joined(line)))
    if lines:
        yield lines


def _heading_level(line: str) -> int:
    """Return how many ``=`` stand on either side of a heading of WikiText, 0 if the line is none."""
    left, right = HEADING_MARKS.match(line), HEADING_MARKS.match(line[::-1])
    if not left or not right or len(left[0]) != len(right[0]):
        return 0
    title = line[left.end() : len(line) - right.end()]
    return len(left[0]) // 2 if title and title[0] != "=" and not title[0].isspace() else 0


def _joined(line: str) -> str:
    """Join what WikiText writes as ``1 @,@ 000``."""
    parts = INFIX.split(line)  # text and signs in turn
    for sign in range(1, len(parts), 2):
        parts[sign - 1], parts[sign + 1] = parts[sign - 1].rstrip(), parts[sign + 1].lstrip()
    return "".join(parts)


def _plain(line: str) -> str:
    """Resolve entities and take out what is left of HTML markup."""
    if "&" in line:
        with suppress(ValueError):  # a number of thousands of digits
            line = html.unescape(line)
    if "<" in line:
        line = MARKUP.sub(" ", line)
    return line.strip()
