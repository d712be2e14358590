"""How much of a corpus a dictionary speaks of."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.progress import track


class Coverage(NamedTuple):
    """Running words of a text, and how many of them are words of the dictionary."""

    tokens: int
    covered: int

    @property
    def percent(self) -> float:
        """Return the covered share, 0..100."""
        return 100.0 * self.covered / self.tokens if self.tokens else 0.0


def measure(words: Container[str], text: Path, lowercase: bool = False) -> Coverage:
    """Count the tokens of ``text`` that are in ``words``.

    Args:
        words: of one side of the dictionary.
        text: words separated by spaces, as ``text/<lang>/train.txt``.
        lowercase: lower the text's words, as those of the dictionary were.

    Raises:
        InputError: no such file or not UTF-8.
    """
    tokens = covered = 0
    for _, line in track(numbered_lines(text), f"coverage of {text.name}"):
        found = (line.lower() if lowercase else line).split()
        tokens += len(found)
        covered += sum(word in words for word in found)
    return Coverage(tokens, covered)
