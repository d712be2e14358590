"""CoNLL-U: dependency trees read, checked and written, one sentence at a time.

Own reader rather than a library: errors name file and line, what is read is written back byte for byte
(multiword ranges, empty nodes, comments, any order of features), and reading is not the slow part of reordering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

ID, FORM, LEMMA, UPOS, XPOS, FEATURES, HEAD, LABEL, MISC = 0, 1, 2, 3, 4, 5, 6, 7, 9
COLUMNS = 10
CHARACTERS_AT_ONCE = 1 << 16
_LONGEST_NUMBER = 9  # digits
_USUAL = 4096
_NUMBERS = tuple(map(str, range(1, _USUAL + 1)))
_HEADS = {number: int(number) - 1 for number in ("0", *_NUMBERS)}


class Sentence:
    """One tree.

    Attributes:
        comments: lines starting with ``#`` before the first word, multiword range or empty node.
        rows: the ten columns of every word, in order.
        columns: the same by column.
        heads: 0-based index of every word's head, -1 for the root.
        row_lines: 1-based line number of every row in its file.
        others: ``(i, line)``: multiword ranges, empty nodes and stray comments, standing before row ``i``.
        path: the file, for messages.
        first_line: 1-based number of the first line, comments included.
    """

    __slots__ = ("columns", "comments", "first_line", "heads", "others", "path", "row_lines", "rows")

    def __init__(
        self,
        comments: list[str],
        rows: list[list[str]],
        heads: list[int],
        row_lines: Sequence[int],
        others: list[tuple[int, str]],
        path: str,
        first_line: int = 1,
        columns: tuple[tuple[str, ...], ...] | None = None,
    ) -> None:
        """Keep the parts as they are."""
        self.comments = comments
        self.rows = rows
        self.columns = columns if columns is not None else tuple(zip(*rows, strict=True))
        self.heads = heads
        self.row_lines = row_lines
        self.others = others
        self.path = path
        self.first_line = first_line

    @property
    def words(self) -> tuple[str, ...]:
        """The forms of the (syntactic) words."""
        return self.columns[FORM]

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


def parse_block(lines: Sequence[str], path: str, first_line: int) -> Sentence:
    """Parse and check the lines of one sentence.

    Args:
        lines: the lines, without line ends and without blank lines.
        path: the file they come from, for messages.
        first_line: 1-based number of the first of them.

    Raises:
        InputError: not ten columns, IDs out of sequence, HEAD not a number or out of range, no root, two roots,
            a cycle, or no word at all.
    """
    return _parse_plain(lines, path, first_line) or _parse_any(lines, path, first_line)


def _parse_plain(lines: Sequence[str], path: str, first_line: int) -> Sentence | None:
    """Parse comments followed by the lines of a tree; None for what is not so, or has an error."""
    rows = [line.split("\t") for line in lines if line[0] != "#"]
    first_row = first_line + len(lines) - len(rows)
    row_lines: Sequence[int] = range(first_row, first_line + len(lines))
    others: list[tuple[int, str]] = []
    try:
        columns = tuple(zip(*rows, strict=True))
        first_id = columns[ID][0] + "\t"
        if columns[ID] != _NUMBERS[: len(rows)]:
            words = [place for place, number in enumerate(columns[ID]) if number.isdigit()]
            number_of = {place: number for number, place in enumerate(words)}
            following = 0
            for place, row in enumerate(rows):
                if place in number_of:
                    following = number_of[place] + 1
                elif "-" in row[ID] or "." in row[ID]:
                    others.append((following, "\t".join(row)))
                else:
                    return None
            rows = [rows[place] for place in words]
            row_lines = [first_row + place for place in words]
            columns = tuple(zip(*rows, strict=True))
        heads = list(map(_HEADS.__getitem__, columns[HEAD]))
    except (ValueError, KeyError, IndexError):
        return None
    size = len(rows)
    if len(columns) != COLUMNS or columns[ID] != _NUMBERS[:size] or heads.count(-1) != 1 or max(heads) >= size:
        return None
    before = first_row - first_line
    if not lines[before].startswith(first_id) or not _lead_to_the_root(heads):  # a comment between the words
        return None
    comments = list(lines[:before])
    return Sentence(comments, rows, heads, row_lines, others, path, first_line, columns)


def _parse_any(lines: Sequence[str], path: str, first_line: int) -> Sentence:
    comments: list[str] = []
    rows: list[list[str]] = []
    heads: list[int] = []
    row_lines: list[int] = []
    others: list[tuple[int, str]] = []
    root = 0
    for number, line in enumerate(lines, first_line):
        if line[0] == "#":
            if rows or others:
                others.append((len(rows), line))
            else:
                comments.append(line)
            continue
        row = line.split("\t")
        if len(row) != COLUMNS:
            _refuse(path, number, f"{len(row)} columns instead of 10", "CoNLL-U separates ten columns by one tab")
        identifier = row[ID]
        if identifier != str(len(rows) + 1):
            if "-" in identifier or "." in identifier:
                others.append((len(rows), line))
                continue
            _refuse(path, number, f"word ID {_short(identifier)} instead of {len(rows) + 1}", "number words from 1")
        rows.append(row)
        row_lines.append(number)
        head = row[HEAD]
        if not (head.isascii() and head.isdigit()) or (head[0] == "0" and head != "0"):
            _refuse(path, number, f"HEAD '{_short(head)}' is not a number", "give the ID of the head, 0 for the root")
        if len(head) > _LONGEST_NUMBER:
            _refuse(path, number, f"HEAD {_short(head)} out of range", "give the ID of a word of the sentence")
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
    if not _lead_to_the_root(heads):
        cycle = _word_on_a_cycle(heads)
        _refuse(path, row_lines[cycle], f"word {cycle + 1} is on a cycle", "every word has to lead to the root")
    return Sentence(comments, rows, heads, row_lines, others, path, first_line)


def _refuse(path: str, line: int, what: str, remedy: str) -> NoReturn:
    raise InputError.at(path, line, what, remedy)


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}..."


def _lead_to_the_root(heads: list[int]) -> bool:
    """Tell whether every word leads to the root; each round doubles how far every word has looked up."""
    size = len(heads)
    above = [*heads, -1]  # index -1 is that of the root's head, too
    for _ in range(size.bit_length()):
        above = list(map(above.__getitem__, above))
        if above.count(-1) > size:
            return True
    return above.count(-1) > size


def _word_on_a_cycle(heads: Sequence[int]) -> int:
    """Return a word from which the root cannot be reached, which there has to be."""
    safe = [False] * len(heads)
    for start in range(len(heads)):
        path: list[int] = []
        node = start
        while node >= 0 and not safe[node]:
            if len(path) > len(heads):
                return node
            path.append(node)
            node = heads[node]
        for node in path:
            safe[node] = True
    raise ValueError("no cycle")


def dependents(heads: Sequence[int]) -> list[list[int]]:
    """Return the dependents of every word, in surface order."""
    below: list[list[int]] = [[] for _ in heads]
    for index, head in enumerate(heads):
        if head >= 0:
            below[head].append(index)
    return below


def has_crossing_arcs(heads: Sequence[int]) -> bool:
    """Tell whether two arcs cross; the arc to the root counts as none."""
    arcs = [(min(i, head), max(i, head)) for i, head in enumerate(heads) if head >= 0]
    open_ends: list[int] = []  # where arcs around the present place end, the innermost last
    for left, right in sorted(arcs, key=lambda arc: (arc[0], -arc[1])):
        while open_ends and open_ends[-1] <= left:
            open_ends.pop()
        if open_ends and right > open_ends[-1]:
            return True
        open_ends.append(right)
    return False


def read_blocks(path: str | Path) -> Iterator[tuple[list[str], int]]:
    """Yield the lines of every sentence of a file and the number of the first; memory holds a few sentences.

    Raises:
        InputError: the file is missing or not UTF-8.
    """
    number, rest = 1, ""
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as handle:
            while text := handle.read(CHARACTERS_AT_ONCE):
                if text[-1] == "\r":
                    text += handle.read(1)
                if "\r" in text:
                    text = text.replace("\r\n", "\n")
                *blocks, rest = (rest + text).split("\n\n")
                for block in blocks:
                    lines = block.split("\n")
                    if _is_plain(block):
                        yield lines, number
                    else:
                        yield from _between_blank_lines(lines, number)
                    number += len(lines) + 1
    except (OSError, UnicodeDecodeError):
        for _ in numbered_lines(path, "give a CoNLL-U file"):  # which says what is wrong, and in which line
            pass
        raise
    yield from _between_blank_lines(rest.split("\n"), number)


def _is_plain(block: str) -> bool:
    """Tell whether no line of a block can be blank: none begins with white space."""
    return bool(block) and not block[0].isspace() and "\n " not in block and "\n\t" not in block


def _between_blank_lines(lines: list[str], number: int) -> Iterator[tuple[list[str], int]]:
    block: list[str] = []
    start = number
    for line_number, line in enumerate(lines, number):
        if line and not line.isspace():
            if not block:
                start = line_number
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
        if lines[-1][0] != "#" or any(line[0] != "#" for line in lines):
            yield parse_block(lines, name, start)


def format_sentence(sentence: Sentence) -> str:
    """Return the CoNLL-U text of a tree, with the blank line that ends it."""
    return "\n".join(sentence.lines()) + "\n\n"


def reordered_tree(sentence: Sentence, order: Sequence[int]) -> Sentence:
    """Return the tree with its words in ``order``: new IDs and heads, ``OriginalID`` in MISC, a new ``# text``.

    What describes the old order is left out: enhanced dependencies, SpaceAfter, empty nodes, multiword ranges.
    """
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    rows = []
    for new, old in enumerate(order):
        row = list(sentence.rows[old])
        row[ID] = str(new + 1)
        row[HEAD] = str(place[sentence.heads[old]] + 1)
        row[LABEL + 1] = "_"
        misc = [item for item in row[MISC].split("|") if item != "_" and not item.startswith("Space")]
        row[MISC] = "|".join([*misc, f"OriginalID={old + 1}"])
        rows.append(row)
    comments = [comment for comment in sentence.comments if comment.split("=")[0].split() != ["#", "text"]]
    words = sentence.words
    text = f"# text = {' '.join(words[old] for old in order)}"
    heads = [place[sentence.heads[old]] for old in order]
    return Sentence([*comments, text], rows, heads, range(1, len(rows) + 1), [], sentence.path)


def unparsed_tree(words: Sequence[str], reason: str) -> str:
    """Return CoNLL-U text for a sentence that has no tree: a root X with all words below it, which keeps its order."""
    rows = [
        "\t".join([str(i), word, "_", "X", "_", "_", *(("0", "root") if i == 1 else ("1", "dep")), "_", "_"])
        for i, word in enumerate(words, 1)
    ]
    return "\n".join([f"# unparsed = {reason}", *rows]) + "\n\n"
