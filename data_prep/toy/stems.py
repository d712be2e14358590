"""Invented stems from a table of English-like syllables."""

from __future__ import annotations

import random
import re

from data_prep.toy.tables import Table, table_of

ONSETS = table_of(
    dict(zip(
        ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "w", "st", "tr", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gl", "gr", "j", "k", "pl", "pr", "sh", "sl", "sm", "sp", "str", "sw", "th", "v", "qu", "sn", "sk"],
        [9, 6, 7, 6, 5, 6, 7, 9, 5, 8, 7, 9, 8, 5] + [4] * 14 + [2] * 12, strict=True))
)  # fmt: skip
NUCLEI = table_of({"a": 9, "e": 8, "i": 8, "o": 8, "u": 5, "ea": 2, "oo": 2, "ai": 1.5, "ou": 1.5, "ee": 1.5})
INNER_CODAS = table_of({"": 10, "n": 4, "r": 4, "l": 3, "m": 2, "s": 1})
LAST_CODAS = table_of(
    dict(zip(
        ["n", "r", "l", "t", "d", "m", "ck", "nd", "st", "nt", "p", "g", "sh", "ll", "rt", "rn", "lt", "sk", "mp", "b", "ft", "ld", "th", "ch", "ng"],
        [8, 6, 6, 6, 5, 5, 4, 4, 4, 3, 3, 3] + [2] * 13, strict=True))
)  # fmt: skip

# No invented word should read as an English rudeness.
UNWANTED = re.compile(
    r"[fdc][aiou](ck|gg|nt)|sh[ia]t|n[ie]g|r[ae]p|sl[ua][tg]|p[iu]s|tit|c[ou]m|jew|tw[au]t|p[oa]rn|spi[ck]|c[ou]n|ars|cl?it"
)


class StemMaker:
    """Make stems that no other word of the language has."""

    def __init__(self, rng: random.Random, taken: set[str]) -> None:
        """Draw from ``rng``; never return a string in ``taken``, which grows with every stem."""
        self._random = rng.random
        self._taken = taken

    def stem(self, syllables: int, suffixes: Table[str] | None = None) -> str:
        """Return a new stem of ``syllables`` syllables, ending in one of ``suffixes`` where given."""
        draw = self._random
        while True:
            parts = []
            for _ in range(syllables - 1):
                parts += [ONSETS.pick(draw()), NUCLEI.pick(draw()), INNER_CODAS.pick(draw())]
            parts += [ONSETS.pick(draw()), NUCLEI.pick(draw()), LAST_CODAS.pick(draw())]
            if suffixes is not None:
                parts.append(suffixes.pick(draw()))
            stem = "".join(parts)
            if stem not in self._taken and not UNWANTED.search(stem):
                self._taken.add(stem)
                return stem

    def claim(self, word: str) -> bool:
        """Reserve a derived ``word``; return False where it is taken."""
        if word in self._taken:
            return False
        self._taken.add(word)
        return True
