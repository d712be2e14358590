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
    if context.tree is not None:
        check_forms(context.tree, words)
    order = transformation.order(words, context)
    if len(order) != len(words) or set(order) != set(range(len(words))):
        raise ValueError(f"not a permutation of {len(words)} words: {list(order)}")
    return order


def check_forms(tree: TreeBlock, words: Sequence[str]) -> None:
    """Check that the words of a tree are those of its sentence.

    Raises:
        InputError: with the line of the first that differs.
    """
    forms = [
        (number, columns[1] if len(columns) > 1 else "")
        for number, columns in enumerate((line.split("\t") for line in tree.lines), tree.line)
        if columns[0].isdigit()
    ]
    if [form for _, form in forms] == list(words):
        return
    for (number, form), word in zip(forms, words, strict=False):
        if form != word:
            raise InputError.at(tree.path, number, f"word {form!r}, but the text has {word!r}", OTHER_TREES)
    raise InputError.at(tree.path, tree.line, f"{len(forms)} words, but the text has {len(words)}", OTHER_TREES)


def read_trees(path: Path) -> Iterator[TreeBlock]:
    """Yield the trees of a CoNLL-U file; blocks of nothing but comments are passed over.

    Raises:
        InputError: the file is missing or not UTF-8.
    """
    for lines, start in read_blocks(path):
        if any(not line.startswith("#") for line in lines):
            yield TreeBlock(tuple(lines), str(path), start)
