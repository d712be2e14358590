"""New word orders, with the checks that keep a transformation from losing or mixing up words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from .syntax.conllu import read_blocks
from .transforms import SentenceContext, Transformation, TreeBlock

OTHER_TREES = "trees have to be those of the text, sentence by sentence; remove the file and parse the text again"


def order_of(transformation: Transformation, words: Sequence[str], context: SentenceContext) -> Sequence[int]:
    """Return the permutation of ``range(len(words))`` that a transformation gives a sentence.

    Raises:
        InputError: the sentence's tree is of other words.
        ValueError: the transformation returned no permutation.
    """
    if context.trees:
        check_forms(context.trees, words)
    order = transformation.order(words, context)
    if len(order) != len(words) or set(order) != set(range(len(words))):
        raise ValueError(f"not a permutation of {len(words)} words: {list(order)}")
    return order


def check_forms(trees: Sequence[TreeBlock], words: Sequence[str]) -> None:
    """Check that the words of trees are those of their line.

    Raises:
        InputError: with the line of the first that differs.
    """
    forms = [line.split("\t", 2)[1:2] for tree in trees for line in tree.lines if is_word(line)]
    if len(forms) == len(words) and all(form == [word] for form, word in zip(forms, words, strict=True)):
        return
    lines = [
        (tree.path, number, line)
        for tree in trees
        for number, line in enumerate(tree.lines, tree.line)
        if is_word(line)
    ]
    for (path, number, line), word in zip(lines, words, strict=False):
        form = (line.split("\t", 2)[1:2] or [""])[0]
        if form != word:
            raise InputError.at(path, number, f"word {form!r}, but the text has {word!r}", OTHER_TREES)
    raise InputError.at(trees[0].path, trees[0].line, f"{len(forms)} words, but the text has {len(words)}", OTHER_TREES)


def is_word(line: str) -> bool:
    """Tell whether a line of CoNLL-U is a word: no comment, multiword range or empty node."""
    return line.partition("\t")[0].isdigit()


def read_trees(path: Path) -> Iterator[TreeBlock]:
    """Yield the trees of a CoNLL-U file; blocks of nothing but comments are passed over.

    Raises:
        InputError: the file is missing or not UTF-8.
    """
    for lines, start in read_blocks(path):
        words = sum(map(is_word, lines))
        if words or any(line[0] != "#" for line in lines):
            yield TreeBlock(tuple(lines), str(path), start, words)


def trees_of_line(words: int, trees: Iterator[TreeBlock]) -> list[TreeBlock]:
    """Take the trees of a line of text: one, or as many as it takes to have all its words; too few at the end."""
    taken: list[TreeBlock] = []
    while words > 0 and (tree := next(trees, None)) is not None:
        taken.append(tree)
        words -= max(tree.words, 1)
    return taken
