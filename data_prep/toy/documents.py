"""Documents, each a function of (seed, stream, index) alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from data_prep.toy.discourse import Discourse
from data_prep.toy.language import Language
from data_prep.toy.sentences import sentence
from data_prep.toy.trees import Sentence
from data_prep.toy.word_order import WORD_ORDERS

SHORTEST, LONGEST = 4, 20


@dataclass(frozen=True)
class Stream:
    """One endless supply of documents: those of different names never share their randomness."""

    seed: int
    name: str
    lexicon: float = 1.0

    def generator(self, index: int) -> random.Random:
        """Return the random stream of document ``index``."""
        return random.Random(f"toy document {self.seed} {self.name} {index}")


def document_length(rng: random.Random) -> int:
    """Draw the number of sentences; it is the first thing that a document's stream gives."""
    draw = rng.random
    return SHORTEST + int((LONGEST - SHORTEST + 1) * draw() * draw())


def plan(stream: Stream, sentences: int) -> Iterator[tuple[int, int]]:
    """Yield ``(document index, sentences to keep)`` until there are ``sentences``; the last may be cut short."""
    index = 0
    while sentences > 0:
        length = min(document_length(stream.generator(index)), sentences)
        yield index, length
        sentences -= length
        index += 1


def document(
    language: Language, stream: Stream, index: int, length: int, word_order: str = "english"
) -> list[Sentence]:
    """Return the first ``length`` sentences of document ``index``."""
    rng = stream.generator(index)
    document_length(rng)
    discourse = Discourse(language, rng)
    order = WORD_ORDERS[word_order]
    return [Sentence(order(sentence(discourse))) for _ in range(length)]
