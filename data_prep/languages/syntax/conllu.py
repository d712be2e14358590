"""CoNLL-U: dependency trees read, checked and written, one sentence at a time.

Own reader rather than a library: errors name file and line, what is read is written back byte for byte
(multiword ranges, empty nodes, comments, any order of features), and reading is not the slow part of
reordering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from data_prep.languages.syntax.tree import find_cycle
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

FORM, LEMMA, UPOS, XPOS, FEATURES, HEAD, LABEL, MISC = 1, 2, 3, 4, 5, 6, 7, 9


class Sentence:
    """One tree.

    Attributes:
        comments: lines starting with ``#`` before the first word.
        rows: the ten columns of every word, in order.
        heads: 0-based index of every word's head, -1 for the root.
        row_lines: 1-based line number of every row in its file.
        others: ``(i, line)``: multiword ranges, empty nodes and stray comments, standing before row ``i``.
        path: the file, for messages.
    """

    __slots__ = ("comments", "heads", "others", "path", "row_lines", "rows")

    def __init__(
        self,
        comments: list[str],
        rows: list[list[str]],
        heads: list[int],
        row_lines: Sequence[int],
        others: list[tuple[int, str]],
        path: str,
    ) -> None:
        """Keep the parts as they are."""
        self.comments = comments
        self.rows = rows
        self.heads = heads
        self.row_lines = row_lines
        self.others = others
        self.path = path

    def column(self, index: int) -> list[str]:
        """Return one column of every word."""
        return [row[index] for row in self.rows]

    @property
    def words(self) -> list[str]:
        """The forms of the (syntactic) words."""
        return [row[FORM] for row in self.rows]

    def lines(self) -> Iterator[str]:
        """Yield the lines as they were read, without line ends and without the blank line after them."""
        yield from self.comments
        others = iter(self.others)
        upcoming = next(others, None)
        for index, row in enumerate(self.rows):
            while upcoming is not None and upcoming[0] == index:
                yield upcoming[1]
                upcoming = next(others, None)
            yield "\t".join(row)
        while upcoming is not None:
            yield upcoming[1]
            upcoming = next(others, None)


def _refuse(path: str, line: int, what: str, remedy: str) -> NoReturn:
    raise InputError.at(path, line, what, remedy)


def parse_block(lines: Iterable[str], path: str, first_line: int) -> Sentence:
    """Parse and check the lines of one sentence.

    Args:
        lines: the lines, without line ends and without blank lines.
        path: the file they come from, for messages.
        first_line: 1-based number of the first of them.

    Raises:
        InputError: not ten columns, IDs out of sequence, HEAD not a number or out of range, no root, two roots,
            a cycle, or no word at all.
    """
    comments: list[str] = []
    rows: list[list[str]] = []
    heads: list[int] = []
    row_lines: list[int] = []
    others: list[tuple[int, str]] = []
    root = number = 0
    for number, line in enumerate(lines, first_line):
        if line[0] == "#":
            if rows or others:
                others.append((len(rows), line))
            else:
                comments.append(line)
            continue
        row = line.split("\t")
        if len(row) != 10:
            _refuse(path, number, f"{len(row)} columns instead of 10", "CoNLL-U separates ten columns by one tab")
        identifier = row[0]
        if identifier != str(len(rows) + 1):
            if "-" in identifier or "." in identifier:
                others.append((len(rows), line))
                continue
            _refuse(path, number, f"word ID {identifier} instead of {len(rows) + 1}", "number words from 1")
        rows.append(row)
        row_lines.append(number)
        head = row[HEAD]
        if not (head.isascii() and head.isdigit()):
            _refuse(path, number, f"HEAD {head!r} is not a number", "give the ID of the head, 0 for the root")
        if head == "0":
            if root:
                _refuse(path, number, f"second root (the first is word {root})", "a tree has one word with HEAD 0")
            root = len(rows)
        heads.append(int(head) - 1)
    if not rows:
        _refuse(path, first_line, "a sentence without words", "remove it or give its words")
    length = len(rows)
    if max(heads) >= length:
        index = next(i for i, head in enumerate(heads) if head >= length)
        _refuse(path, row_lines[index], f"HEAD {heads[index] + 1} out of range", f"the sentence has {length} words")
    if not root:
        _refuse(path, row_lines[0], "no root", "a tree has one word with HEAD 0")
    cycle = find_cycle(heads)
    if cycle is not None:
        _refuse(path, row_lines[cycle], f"word {cycle + 1} is on a cycle", "every word has to lead to the root")
    return Sentence(comments, rows, heads, row_lines, others, path)


def read_blocks(path: str | Path) -> Iterator[tuple[list[str], int]]:
    """Yield the lines of every sentence of a file and the number of the first; memory holds one sentence.

    Raises:
        InputError: the file is missing or not UTF-8.
    """
    block: list[str] = []
    start = 1
    for number, line in numbered_lines(path, "give a CoNLL-U file"):
        if line and not line.isspace():
            if not block:
                start = number
            block.append(line)
        elif block:
            yield block, start
            block = []
    if block:
        yield block, start


def read_sentences(path: str | Path) -> Iterator[Sentence]:
    """Yield the checked trees of a file; blocks of nothing but comments are passed over.

    Raises:
        InputError: see :func:`parse_block` and :func:`read_blocks`.
    """
    name = str(path)
    for lines, start in read_blocks(path):
        if any(line[0] != "#" for line in lines):
            yield parse_block(lines, name, start)


def format_sentence(sentence: Sentence) -> str:
    """Return the CoNLL-U text of a tree, with the blank line that ends it."""
    return "\n".join(sentence.lines()) + "\n\n"
