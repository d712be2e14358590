"""Links of words that a bilingual dictionary knows as translations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary

from ..vocabulary.dictionaries.reading import Problem, clean, read
from .filters import Link

Table = dict[str, frozenset[str]]
PHRASES, SAME = "entries of several words", "entries of identical words"


@dataclass(frozen=True)
class LinkDictionary:
    """A dictionary in both directions.

    Attributes:
        forth: the translations of every word of L1.
        back: the translations of every word of L2.
        pieces: words are the pieces that the model sees, separated by spaces; else lower-cased words of the text.
    """

    forth: Table
    back: Table
    pieces: bool

    @classmethod
    def read(
        cls, path: Path, reverse: Path | None, vocabulary: Identity, dropped: Counter[str], format_name: str = "auto"
    ) -> LinkDictionary:
        """Read a dictionary of this package (pieces, with its identity) or one of words in any known format.

        Args:
            path: from L1 to L2.
            reverse: of words, from L2 to L1 (default: the entries of ``path``, turned round).
            vocabulary: that of the pair.
            dropped: gets the number of entries that were left out, by reason.
            format_name: of a dictionary of words.

        Raises:
            InputError: a file is missing or has no usable entry, or its pieces are of another vocabulary.
        """
        identity = Identity.of_header(path)
        if identity is not None:
            if reverse is not None:
                raise InputError.at(reverse, None, "a reverse dictionary beside one of pieces", "leave out --reverse")
            vocabulary.require(identity, path, "the pair", "give a dictionary of this pair", ("symbols",))
            pairs = [(" ".join(each.source), " ".join(each.target)) for each in BilingualDictionary.load(path).entries]
            return cls(*_tables(pairs, path), pieces=True)
        forth, back = _tables(_words(path, format_name, False, dropped), path)
        if reverse is not None:
            forth_of_reverse, back = _tables(_words(reverse, format_name, True, dropped), reverse)
            del forth_of_reverse
        return cls(forth, back, pieces=False)

    def links(self, source: Sequence[str], target: Sequence[str]) -> list[Link]:
        """Link the words of a sentence pair.

        Word i is linked to j when exactly one translation of it is in the target, there once, and exactly one word of
        the source, word i, is a translation of that.

        Args:
            source: words of L1, or their pieces.
            target: words of L2, likewise.
        """
        if not self.pieces:
            source, target = [word.lower() for word in source], [word.lower() for word in target]
        places: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(target):
            places[word].append(place)
        times = Counter(source)
        found = []
        for place, word in enumerate(source):
            there = [each for each in self.forth.get(word, ()) if each in places]
            if len(there) != 1 or len(places[there[0]]) != 1:
                continue
            returns = self.back.get(there[0], frozenset())
            if word in returns and sum(times[each] for each in returns) == 1:
                found.append((place, places[there[0]][0]))
        return found


def _tables(pairs: Iterable[tuple[str, str]], path: Path) -> tuple[Table, Table]:
    forth: dict[str, set[str]] = defaultdict(set)
    back: dict[str, set[str]] = defaultdict(set)
    for source, target in pairs:
        forth[source].add(target)
        back[target].add(source)
    if not forth:
        raise InputError.at(path, None, "no usable entry", "give a dictionary with words of both languages")
    return (
        {word: frozenset(found) for word, found in forth.items()},
        {word: frozenset(found) for word, found in back.items()},
    )


def _words(path: Path, format_name: str, invert: bool, dropped: Counter[str]) -> Iterable[tuple[str, str]]:
    for entry in read(path, format_name, invert):
        if isinstance(entry, Problem):
            dropped[entry.reason] += 1
            continue
        source, target = clean(entry.source).lower(), clean(entry.target).lower()
        if " " in source or " " in target:
            dropped[PHRASES] += 1
        elif source == target:
            dropped[SAME] += 1
        elif source and target:
            yield source, target
