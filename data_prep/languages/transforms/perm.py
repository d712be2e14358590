"""Random permutation (Deshpande et al. 2021): a seeded random word order for every sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_prep.languages.sentence_spans import sentence_spans
from data_prep.languages.transforms import SentenceContext, Transformation
from data_prep.randomness import generator, random_order

SUMMARY = "a seeded random word order per sentence; a final . ! or ? stays last"
OPTIONS: dict[str, str] = {}


def order(words: Sequence[str], context: SentenceContext) -> list[int]:
    """Return the word indices in an order drawn from (seed, line), final ``. ! ?`` in place.

    Applied twice in a composition, it draws from a stream of its own each time.
    """
    stream = f"perm\0{context.occurrence}" if context.occurrence else "perm"
    numbers = generator(context.seed, stream, context.line)
    indices: list[int] = []
    for start, end, stop in sentence_spans(words):
        indices.extend(start + i for i in random_order(end - start, numbers))
        indices.extend(range(end, stop))
    return indices


def create(options: Mapping[str, str]) -> Transformation:
    """Return the permutation; it has no settings."""
    return Transformation(order)
