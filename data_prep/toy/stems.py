"""Invented stems from a table of English-like syllables."""

from __future__ import annotations

import random
import re

from data_prep.toy.tables import Table, table_of, weights

ONSETS = table_of(
    weights(
        "n:9 s:9 t:8 r:8 b:9 d:7 l:7 m:7 p:7 c:6 f:6 h:6 g:5 w:5 st:4 tr:4 br:4 ch:4 cl:4 cr:4 dr:4 fl:4 fr:4 gl:4 "
        "gr:4 j:4 k:4 pl:4 pr:2 sh:2 sl:2 sm:2 sp:2 str:2 sw:2 th:2 v:2 qu:2 sn:2 sk:2"
    )
)
NUCLEI = table_of(weights("a:9 e:8 i:8 o:8 u:5 ea:2 oo:2 ai:1.5 ou:1.5 ee:1.5"))
INNER_CODAS = table_of({"": 10, "n": 4, "r": 4, "l": 3, "m": 2, "s": 1})
LAST_CODAS = table_of(
    weights(
        "n:8 r:6 l:6 t:6 d:5 m:5 ck:4 nd:4 st:4 nt:3 p:3 g:3 sh:2 ll:2 rt:2 rn:2 lt:2 sk:2 mp:2 "
        "b:2 ft:2 ld:2 th:2 ch:2 ng:2"
    )
)

# No invented word should read as an English rudeness.
UNWANTED = re.compile(
    r"[fdc][aiou](ck|gg|nt)|sh[ia]t|n[ie]g|r[ae]p|sl[ua][tg]|p[iu]s|tit|c[ou]m|jew|tw[au]t|p[oa]rn|spi[ck]|c[ou]n"
    r"|ars|cl?it"
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
