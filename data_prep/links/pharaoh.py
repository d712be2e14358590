"""Word links in Pharaoh format: a line for every sentence pair, ``i-j`` for every link, words numbered from 0."""

from __future__ import annotations

import re
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from .filters import Link

_LINK = re.compile(r"(\d{1,6})-(\d{1,6})", re.ASCII)
OTHER_TEXT = "give the links of this text, with its words as they are there, separated by spaces"


def parse_links(text: str, words: tuple[int, int], path: str | Path, line: int) -> list[Link]:
    """Return the links of a line.

    Args:
        text: the line.
        words: number of words of the two sentences.
        path: the file, for messages.
        line: its number from 1.

    Raises:
        InputError: something is no link, or names a word that the sentence does not have.
    """
    found = []
    for part in text.split():
        match = _LINK.fullmatch(part)
        if match is None:
            raise InputError.at(path, line, f"{part[:40]!r} is no link i-j", "give a file in Pharaoh format")
        link = int(match[1]), int(match[2])
        if link[0] >= words[0] or link[1] >= words[1]:
            what = f"link {part}, but the sentences have {words[0]} and {words[1]} words"
            raise InputError.at(path, line, what, OTHER_TEXT)
        found.append(link)
    return found


def write_links(links: list[Link]) -> str:
    """Return the line of some links, without its end."""
    return " ".join(f"{first}-{second}" for first, second in links)
