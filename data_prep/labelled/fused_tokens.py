"""Multiword tokens of CoNLL-U as XTREME has them: the form that is written (``du``), with the tag of one of its words.

XTREME's scripts replace the words of a multiword token (``de le``) by its form. The token's tag is that of the word
that is highest in the tree, where a word counts every node above it, also along enhanced dependencies; of several
equally high ones, that of the tag that comes first in a list of the language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ID, FORM, UPOS, HEAD, DEPS = 0, 1, 3, 6, 8
# of XTREME's conversion script; tags that its lists lack come last here, where it stops with an error
PRECEDENCE = {
    "es": "VERB AUX PRON ADP DET",
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ",
    "it": "VERB AUX ADV PRON ADP DET INTJ",
}
OTHERS = "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT"

Columns = Sequence[str]


class Token(NamedTuple):
    """A token: its form, its tag, and the place of its row among those given."""

    form: str
    tag: str
    row: int


def is_word_number(text: str) -> bool:
    """Tell whether an ID is that of a word: a whole number in ASCII digits."""
    return text.isascii() and text.isdecimal() and len(text) < 10


def fuse(rows: Sequence[Columns], language: str) -> list[Token]:
    """Return the tokens of a sentence, its multiword tokens in their written form.

    Args:
        rows: the ten columns of every line that is no comment, in order; empty nodes among them.
        language: whose list decides between tags of equally high words.
    """
    words = {row[ID]: place for place, row in enumerate(rows) if is_word_number(row[ID])}
    parents = {row[ID]: _parents(row) for row in rows if is_word_number(row[ID])}
    order = PRECEDENCE.get(language, OTHERS).split()
    tokens: list[Token] = []
    inside: set[str] = set()
    for place, row in enumerate(rows):
        first, hyphen, last = row[ID].partition("-")
        if hyphen and is_word_number(first) and is_word_number(last):
            span = [number for number in words if int(first) <= int(number) <= int(last)]
            if span:
                head = _highest(span, parents, {number: rows[words[number]][UPOS] for number in span}, order)
                tokens.append(Token(row[FORM], rows[words[head]][UPOS], place))
                inside.update(span)
        elif row[ID] in words and row[ID] not in inside:
            tokens.append(Token(row[FORM], row[UPOS], place))
    return tokens


def _parents(row: Columns) -> set[str]:
    enhanced = {dependency.partition(":")[0] for dependency in row[DEPS].split("|")}
    return {head for head in {row[HEAD], *enhanced} if is_word_number(head)}


def _highest(span: Sequence[str], parents: dict[str, set[str]], tags: dict[str, str], order: Sequence[str]) -> str:
    heights = {word: len(_ancestors(word, parents)) for word in span}
    top = [word for word in span if heights[word] == min(heights.values())]
    return min(top, key=lambda word: order.index(tags[word]) if tags[word] in order else len(order))


def _ancestors(word: str, parents: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(parents.get(word, ()))
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += parents.get(node, ())
    return found - {word}
