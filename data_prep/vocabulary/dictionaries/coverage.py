"""How much of a corpus a dictionary speaks of, and which of its sides is which corpus' language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.progress import track

from .conversion import Entry


class WordCounts(NamedTuple):
    """Running words of a text, and how often each word of the dictionary is among them."""

    tokens: int
    words: Counter[str]

    def covered(self, words: Collection[str]) -> int:
        """Return how many running words are one of ``words``."""
        return sum(self.words[word] for word in words)


def count_words(words: Collection[str], text: Path, lowercase: bool = False) -> WordCounts:
    """Count the tokens of ``text`` that are in ``words``.

    Args:
        words: of the dictionary.
        text: words separated by spaces, as ``text/<lang>/train.txt``.
        lowercase: lower the text's words, as those of the dictionary were.

    Raises:
        InputError: no such file or not UTF-8.
    """
    tokens = 0
    counts: Counter[str] = Counter()
    for _, line in track(numbered_lines(text), f"coverage of {text.name}"):
        found = (line.lower() if lowercase else line).split()
        tokens += len(found)
        counts.update(word for word in found if word in words)
    return WordCounts(tokens, counts)


def direction_of_words(entries: Sequence[Entry], first: WordCounts, second: WordCounts) -> tuple[int, int]:
    """Count the entries that go from the first text's language to the second's, and those that go back.

    Args:
        entries: the dictionary.
        first: how often its words, of both sides, occur in the text of L1.
        second: the same in the text of L2.
    """
    import numpy as np

    from fairseq_alignmlm.lexicon.direction import direction_votes

    words = list({word for entry in entries for word in (entry.source_word, entry.target_word)})
    index = {word: number for number, word in enumerate(words)}
    source, target = (
        np.array([[index[word]] for word in side], dtype=np.int64)
        for side in ([entry.source_word for entry in entries], [entry.target_word for entry in entries])
    )
    # The last number stands for all other words.
    counts = [
        np.array([*(each.words[word] for word in words), each.tokens - each.words.total()]) for each in (first, second)
    ]
    return direction_votes(source, target, counts[0], counts[1])
