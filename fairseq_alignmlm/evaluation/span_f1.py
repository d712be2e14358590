"""Span precision, recall and F1 by both rules that published numbers follow, and token accuracy.

XTREME scores NER and POS tagging by the micro F1 of tagged spans. A span is found by the rules of
the CoNLL-2000 scorer, which reads a tag as a one-character prefix (B, I, E, S, O) and a type. How a tag
without a hyphen is cut in two changed between releases of the library that XTREME calls, and with it
every POS number:

- ``seqeval-0.0.12``: the prefix is the first character, the type is what follows the last hyphen, so the
  type of ``NOUN`` is ``NOUN``: a span is a maximal run of one tag, but tags that begin with S stand alone.
- ``seqeval-1.2.2``: the type leaves the first character out, so that ``CCONJ`` and ``SCONJ`` are one type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Sentences = Sequence[Sequence[str]]


class Span(NamedTuple):
    """A tagged span: its type, its first and its last token, counted over all sentences."""

    type: str
    first: int
    last: int


class Tag(NamedTuple):
    """A tag cut in two, the way a rule reads it."""

    prefix: str
    type: str


def read_tag_0_0_12(tag: str) -> Tag:
    """Cut a tag as seqeval 0.0.12 does."""
    return Tag(tag[0], tag.rsplit("-", 1)[-1])


def read_tag_1_2_2(tag: str) -> Tag:
    """Cut a tag as seqeval 1.2.2 does."""
    return Tag(tag[0], tag[1:].split("-", 1)[-1] or "_")


RULES: dict[str, Callable[[str], Tag]] = {
    "seqeval-0.0.12": read_tag_0_0_12,
    "seqeval-1.2.2": read_tag_1_2_2,
}


def _opens(before: Tag, here: Tag) -> bool:
    if here.prefix in "BS" or (here.prefix in "EI" and before.prefix in "ESO"):
        return True
    return here.prefix not in "O." and before.type != here.type


def _closes(before: Tag, here: Tag) -> bool:
    if before.prefix in "ES" or (before.prefix in "BI" and here.prefix in "BSO"):
        return True
    return before.prefix not in "O." and before.type != here.type


def spans(sentences: Sentences, rule: str) -> set[Span]:
    """Return the spans of tagged sentences.

    A span that is opened again before it was closed keeps its later start only: under 1.2.2 this
    swallows ``CCONJ`` in front of ``SCONJ``, and published numbers include it.

    Args:
        sentences: tags, none of them empty.
        rule: a key of `RULES`.
    """
    read = RULES[rule]
    outside = read("O")
    found: set[Span] = set()
    before, first, position = Tag("O", ""), 0, 0
    for sentence in sentences:
        for here in (*map(read, sentence), outside):
            if _closes(before, here):
                found.add(Span(before.type, first, position - 1))
            if _opens(before, here):
                first = position
            before = here
            position += 1
    return found


@dataclass(frozen=True)
class SpanScores:
    """Percentages, 0 to 100; 0 where a ratio is undefined, as in seqeval."""

    precision: float
    recall: float
    f1: float


def span_scores(gold: Sentences, predicted: Sentences, rule: str) -> SpanScores:
    """Compare predicted with gold tags by micro-averaged span precision, recall and F1.

    Args:
        gold: tags of every sentence.
        predicted: as many sentences of the same lengths.
        rule: a key of `RULES`.

    Raises:
        ValueError: when sentences differ in number or length, because all later spans would shift, or a tag is empty.
    """
    _same_lengths(gold, predicted)
    truth, guess = spans(gold, rule), spans(predicted, rule)
    common = len(truth & guess)
    if common == 0:
        return SpanScores(0.0, 0.0, 0.0)
    precision, recall = common / len(guess), common / len(truth)
    f1 = 2 * precision * recall / (precision + recall)
    return SpanScores(precision * 100, recall * 100, f1 * 100)


def token_accuracy(gold: Sentences, predicted: Sentences) -> float:
    """Return the percentage of tokens whose tag is right.

    Raises:
        ValueError: when sentences differ in number or length, or there is no token.
    """
    _same_lengths(gold, predicted)
    total = sum(map(len, gold))
    right = sum(a == b for g, p in zip(gold, predicted, strict=True) for a, b in zip(g, p, strict=True))
    if not total:
        raise ValueError("there is no token to score")
    return 100.0 * right / total


def _same_lengths(gold: Sentences, predicted: Sentences) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(predicted)} predicted sentences for {len(gold)} gold sentences")
    for number, (truth, guess) in enumerate(zip(gold, predicted, strict=True), 1):
        if len(truth) != len(guess):
            raise ValueError(f"sentence {number} has {len(guess)} predicted tags for {len(truth)} tokens")
        if not (all(truth) and all(guess)):
            raise ValueError(f"sentence {number} has an empty tag")
