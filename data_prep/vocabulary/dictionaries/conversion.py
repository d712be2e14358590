"""Word pairs become dictionary entries of pieces; whatever does not is counted with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ...randomness import generator
from .reading import Problem, WordPair, clean

Pieces = tuple[str, ...]
Segment = Callable[[str], Pieces | None]
UNKNOWN_PIECE = "piece not in the vocabulary"


@dataclass(frozen=True)
class Filters:
    """What may become an entry.

    Attributes:
        max_words: words a side, at least 1. Phrases are mostly definitions.
        max_pieces: pieces a side, at least 1.
        lowercase: make both sides lower case first, for an uncased vocabulary.
    """

    max_words: int = 1
    max_pieces: int = 4
    lowercase: bool = False


class Entry(NamedTuple):
    """One translation, in words and in pieces."""

    source_word: str
    target_word: str
    source: Pieces
    target: Pieces


@dataclass
class Conversion:
    """Entries in the order of the input, and how many items were read and dropped.

    Attributes:
        entries: each pair of piece sequences once.
        read: word pairs and problems together: ``read == len(entries) + sum(dropped.values())``.
        dropped: counts by reason.
    """

    entries: list[Entry] = field(default_factory=list)
    read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


def convert(
    items: Iterable[WordPair | Problem], segment: Segment, filters: Filters, segment_l2: Segment | None = None
) -> Conversion:
    """Clean, segment and filter ``items``.

    Args:
        items: what :func:`~data_prep.vocabulary.dictionaries.reading.read` yields.
        segment: returns the pieces of a word or phrase, None when the vocabulary cannot spell it.
        filters: what may become an entry.
        segment_l2: the same for L2, where it has symbols of its own (default: ``segment``).
    """
    segments = (segment, segment_l2 or segment)
    result = Conversion()
    seen: set[tuple[Pieces, Pieces]] = set()
    for item in items:
        result.read += 1
        entry = item.reason if isinstance(item, Problem) else _entry(item, segments, filters)
        if isinstance(entry, Entry) and (entry.source, entry.target) in seen:
            entry = "repeated entry"
        if isinstance(entry, Entry):
            seen.add((entry.source, entry.target))
            result.entries.append(entry)
        else:
            result.dropped[entry] += 1
    return result


def _entry(pair: WordPair, segments: tuple[Segment, Segment], filters: Filters) -> Entry | str:
    """Return the entry of a pair, or why there is none."""
    words = [clean(pair.source), clean(pair.target)]
    if filters.lowercase:
        words = [word.lower() for word in words]
    if not all(words):
        return "empty side"
    if not all(any(letter.isalpha() for letter in word) for word in words):
        return "no letter"
    if any(len(word.split()) > filters.max_words for word in words):
        return f"more than {filters.max_words} word{'s' * (filters.max_words > 1)}"
    sides = [segment(word) for segment, word in zip(segments, words, strict=True)]
    known = [side for side in sides if side is not None]
    if len(known) < 2:
        return UNKNOWN_PIECE
    source, target = known
    if not source or not target:
        return "empty side"
    if max(len(source), len(target)) > filters.max_pieces:
        return f"more than {filters.max_pieces} pieces"
    if source == target:  # shared pieces are aligned already: cosine 1, gradient 0
        return "same pieces on both sides"
    return Entry(words[0], words[1], source, target)


def split(entries: Iterable[Entry], fraction: float, seed: int) -> tuple[list[Entry], list[Entry]]:
    """Return ``(training, held-out)`` entries; all translations of an L1 word fall on the same side.

    Whether a word is held out depends on its pieces and the seed alone: a longer dictionary holds out the same words.

    Args:
        entries: in any order.
        fraction: of the L1 words, in [0, 1).
        seed: of the choice.
    """
    training: list[Entry] = []
    held_out: list[Entry] = []
    for entry in entries:
        drawn = generator(seed, "held-out " + " ".join(entry.source)).random()
        (held_out if drawn < fraction else training).append(entry)
    return training, held_out
