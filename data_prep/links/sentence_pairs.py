"""Translated sentences in batches, each with what its links are made from: a stream, never a whole corpus."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from ..languages.transforms import TreeBlock
from ..languages.word_order import OTHER_TREES, read_trees, trees_of_line

BATCH = 1000


class SentencePair(NamedTuple):
    """Two lines of text.

    Attributes:
        line: their number from 1.
        first: text of L1.
        second: its translation.
        links: their links in Pharaoh format; None where they are made here.
        trees: of the first, where its derivation needs them.
    """

    line: int
    first: str
    second: str
    links: str | None = None
    trees: tuple[TreeBlock, ...] = ()


def read_batches(
    files: tuple[Path, Path], links: Path | None = None, trees: Path | None = None, most: int | None = None
) -> Iterator[list[SentencePair]]:
    """Yield the pairs of line-aligned text, blank lines and all.

    Args:
        files: text of L1 and of L2.
        links: a Pharaoh file with as many lines.
        trees: of the sentences of L1, in CoNLL-U.
        most: pairs to read (default: all).

    Raises:
        InputError: two of the files differ in their number of lines, or one is missing or not UTF-8.
    """
    paths = [*files, *([links] if links else [])]
    stream = islice(enumerate(zip_longest(*map(numbered_lines, paths), fillvalue=None), 1), most)
    forest = read_trees(trees) if trees else None
    while batch := list(islice(stream, BATCH)):
        found = []
        for number, lines in batch:
            for path, line in zip(paths, lines, strict=True):
                if line is None:
                    longer = next(other for other, text in zip(paths, lines, strict=True) if text is not None)
                    remedy = "line i of the one belongs to line i of the other"
                    raise InputError.at(path, None, f"ends before line {number:,} of {longer}", remedy)
            first, second, *linked = [line.text for line in lines if line is not None]
            own: list[TreeBlock] = []
            if forest is not None and (words := len(first.split())):
                own = trees_of_line(words, forest)
                if not own:
                    assert trees is not None
                    raise InputError.at(trees, None, f"no tree for line {number} of {files[0]}", OTHER_TREES)
            found.append(SentencePair(number, first, second, linked[0] if linked else None, tuple(own)))
        yield found
