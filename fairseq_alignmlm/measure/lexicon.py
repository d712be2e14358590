"""Lexicons of published splits, and the words to choose from: all of a language, not the lexicon's alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

LARGEST = 200_000  # words of a language, the most frequent ones: what MUSE's vectors have


@dataclass(frozen=True)
class Lexicon:
    """A lexicon in both directions.

    Attributes:
        forth: the translations of each L1 word, in the order of the file.
        back: the translations of each L2 word.
        pairs: entries read.
    """

    forth: dict[str, list[str]]
    back: dict[str, list[str]]
    pairs: int


def read_lexicon(paths: Sequence[Path], lowercase: bool = False) -> Lexicon:
    """Read entries ``word TAB word`` or ``word word``, as MUSE and XLing-Eval have them.

    Args:
        paths: files, L1 first; several make one lexicon (MUSE's split by part of speech).
        lowercase: write words in lower case, as MUSE's are.

    Raises:
        InputError: a file is missing or holds no entry, or a line has not two words.
    """
    forth: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    pairs = 0
    for path in paths:
        for number, text in numbered_lines(path):
            if not text.strip():
                continue
            columns = text.split("\t") if "\t" in text else text.split()
            words = [(column.lower() if lowercase else column).strip() for column in columns]
            if len(words) != 2 or not all(words):
                raise InputError.at(path, number, f"{text[:40]!r} is not two words", "give a lexicon of word pairs")
            pairs += 1
            for table, (first, second) in ((forth, words), (back, words[::-1])):
                known = table.setdefault(first, [])
                if second not in known:
                    known.append(second)
    if not pairs:
        raise InputError.at(paths[0], None, "holds no entry", "give a lexicon of word pairs")
    return Lexicon(forth, back, pairs)


def frequent_words(path: Path, most: int = LARGEST, lowercase: bool = False) -> list[str]:
    """Return the words of a language, the most frequent first.

    Args:
        path: a text, words separated by spaces; or a list, a word a line (with its count or vector behind it).
        most: how many.
        lowercase: write words in lower case.

    Raises:
        InputError: the file is missing or holds no word.
    """
    counts: Counter[str] = Counter()
    for _, text in numbered_lines(path):
        counts.update((text.lower() if lowercase else text).split())
    if not counts:
        raise InputError.at(path, None, "holds no word", "give a text of the language")
    return [word for word, _ in counts.most_common(most) if any(map(str.isalpha, word))]
