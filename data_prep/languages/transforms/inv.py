"""Inversion (section 3 of the paper): the words of every sentence in reverse order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_prep.languages.sentence_spans import sentence_spans
from data_prep.languages.transforms import SentenceContext, Transformation

SUMMARY = "words of each sentence in reverse order; a final . ! or ? stays last"
OPTIONS: dict[str, str] = {}


def order(words: Sequence[str], context: SentenceContext | None = None) -> list[int]:
    """Return the word indices in reverse, sentence by sentence, final ``. ! ?`` in place.

    Sentences end at those tokens, so a line that holds several is inverted one after the other. Applying
    it twice gives the line back.
    """
    indices: list[int] = []
    for start, end, stop in sentence_spans(words):
        indices.extend(range(end - 1, start - 1, -1))
        indices.extend(range(end, stop))
    return indices


def create(options: Mapping[str, str]) -> Transformation:
    """Return the inversion; it has no settings."""
    return Transformation(order)
