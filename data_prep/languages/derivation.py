"""A derived text: the words of every line in a new order, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

from ..text.line_blocks import LineBlock, read_blocks
from .transforms import SentenceContext, TreeBlock, compose
from .word_order import OTHER_TREES, order_of, read_trees, trees_of_line


class Work(NamedTuple):
    """A block of text with the trees of its sentences, None where they are not needed."""

    block: LineBlock
    trees: list[list[TreeBlock]] | None


class DerivedBlock(NamedTuple):
    """Derived lines.

    Attributes:
        data: the lines as they are written.
        sentences: how many of them hold words.
        changed: how many of those have a new order.
        reports: reasons why something was not transformed, counted.
    """

    data: bytes
    sentences: int
    changed: int
    reports: Mapping[str, int]


def read_work(text: Path, trees: Path | None) -> Iterator[Work]:
    """Yield a text in blocks, each with the trees of each of its non-blank lines.

    Raises:
        InputError: the file has more or fewer trees than the text has sentences.
    """
    if trees is None:
        for block in read_blocks(text):
            yield Work(block, None)
        return
    stream = read_trees(trees)
    for block in read_blocks(text):
        own: list[list[TreeBlock]] = []
        for number, line in enumerate(block.lines(), block.first_line):
            if words := len(line.split()):
                of_line = trees_of_line(words, stream)
                if not of_line:
                    raise InputError.at(trees, None, f"no tree for line {number} of {text}", OTHER_TREES)
                own.append(of_line)
        yield Work(block, own)
    surplus = next(stream, None)
    if surplus is not None:
        raise InputError.at(trees, surplus.line, f"more trees than {text} has sentences", OTHER_TREES)


def make_block_deriver(specifications: Sequence[str], seed: int) -> Callable[[Work], DerivedBlock]:
    """Return the function that transforms a block; called once in every process."""
    transformation = compose(specifications)

    def derive(work: Work) -> DerivedBlock:
        reports: Counter[str] = Counter()

        def report(reason: str) -> None:
            reports[reason] += 1

        lines: list[str] = []
        sentences = changed = 0
        trees = iter(work.trees or ())
        for number, line in enumerate(work.block.lines(), work.block.first_line):
            words = line.split()
            if words:
                of_line = next(trees) if work.trees is not None else ()
                order = order_of(transformation, words, SentenceContext(seed, number, of_line, report))
                new = [words[i] for i in order]
                sentences += 1
                changed += new != words
                words = new
            lines.append(" ".join(words))
        return DerivedBlock(("\n".join(lines) + "\n").encode(), sentences, changed, reports)

    return derive
