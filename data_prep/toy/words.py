"""Word forms: English spelling of inflection, invented stems, and the closed classes in real English."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
Draw = Callable[[], float]  # uniform in [0, 1)


@lru_cache
def _tables() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for line in Path(__file__).with_name("lexicon.txt").read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("# "):
            rows = found.setdefault(line[2:].partition(":")[0], {})
        else:
            first, *cells = (cell.strip() for cell in line.split("|"))
            rows[first] = cells
    return found


def rows_of(name: str) -> dict[str, list[str]]:
    """Return a table of lexicon.txt: the cells of every row after the first, by the first."""
    return _tables()[name]


class Form(NamedTuple):
    """A word as it stands in a sentence: four columns of CoNLL-U, and its IOB2 tag."""

    text: str
    lemma: str
    upos: str
    xpos: str
    entity: str = "O"

    def capitalised(self) -> Form:
        """Return the same form as it begins a sentence."""
        return self._replace(text=self.text[0].upper() + self.text[1:])


class Table(Generic[T]):
    """Items with positive weights: one uniform number picks one."""

    def __init__(self, items: Iterable[T], weights: Iterable[float]) -> None:
        self.items = list(items)
        self._sums = list(accumulate(weights))

    def pick(self, draw: Draw) -> T:
        """Return one of the items."""
        return self.items[bisect(self._sums, draw() * self._sums[-1], hi=len(self.items) - 1)]


def weights(text: str, separator: str | None = None) -> dict[str, float]:
    """Read ``"a:2 b c:0.5"``: names with weights, 1 where none is given."""
    parts = (entry.strip().partition(":") for entry in text.split(separator))
    return {name: float(weight or 1) for name, _, weight in parts}


def table(text: str, separator: str | None = None) -> Table[str]:
    """Return the table of names with weights."""
    return Table(weights(text, separator), weights(text, separator).values())


def one_of(items: Sequence[T], draw: Draw) -> T:
    """Return one of ``items``, each equally likely."""
    return items[int(draw() * len(items))]


def ranked(items: Sequence[T], exponent: float = 1.0) -> Table[T]:
    """Return items with the Zipf-Mandelbrot weights ``(rank + 2.5) ** -exponent``."""
    return Table(items, [(rank + 2.5) ** -exponent for rank in range(len(items))])


def plural(stem: str) -> str:
    """Add the -s of plural nouns and of third-person verbs: ``church`` churches, ``party`` parties."""
    if re.search("(s|x|z|ch|sh)$", stem):
        return stem + "es"
    return stem[:-1] + "ies" if re.search("[^aeiou]y$", stem) else stem + "s"


def suffixed(stem: str, suffix: str) -> str:
    """Add a suffix that begins with a vowel: ``bake`` baker, ``stop`` stopping, ``carry`` carried."""
    if stem.endswith("e") and suffix[0] in "ei":
        return stem[:-1] + suffix
    if re.search("[^aeiou]y$", stem) and suffix[0] != "i":
        return stem[:-1] + "i" + suffix
    return stem + stem[-1] * bool(re.fullmatch("[^aeiou]*[aeiou][bdfglmnprt]", stem)) + suffix


def adverb(adjective: str) -> str:
    """Add -ly: ``happy`` happily, ``noble`` nobly, ``basic`` basically."""
    adjective = re.sub("([^aeiou])y$", r"\1i", adjective)
    return adjective[:-1] + "y" if adjective.endswith("le") else adjective + "al" * adjective.endswith("ic") + "ly"


ONSETS, NUCLEI, INNER, CODAS = (table(row[0]) for row in rows_of("syllables").values())
UNWANTED = re.compile(  # no invented word should read as an English rudeness
    r"[fdc][aiou](ck|gg|nt)|sh[ia]t|n[ie]g|r[ae]p|sl[ua][tg]|p[iu]s|tit|c[ou]m|jew|tw[au]t|p[oa]rn|spi[ck]|c[ou]n|ars|cl?it"
)


class StemMaker:
    """Make stems that no other word of the language has."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._taken = {form.text.lower() for group in CLOSED.values() for form in group.values()}

    def stem(self, syllables: int, suffixes: Sequence[str] = ()) -> str:
        """Return a new stem of so many syllables, ending in one of ``suffixes`` where given."""
        parts = [ONSETS, NUCLEI, INNER] * (syllables - 1) + [ONSETS, NUCLEI, CODAS]
        while True:
            stem = "".join(part.pick(self._draw) for part in parts).replace("-", "")
            stem += one_of(suffixes, self._draw) if suffixes else ""
            if not UNWANTED.search(stem) and self.claim(stem):
                return stem

    def claim(self, word: str) -> bool:
        """Reserve a word; return False where it is taken."""
        new = word not in self._taken
        self._taken.add(word)
        return new


CLOSED = {
    group: {text: Form(text, text, upos, xpos) for text in texts}
    for group, (upos, xpos, *texts) in ((group, row[0].split()) for group, row in rows_of("closed").items())
}
_XPOS = {"past": "VBD", "plurals": "VBD", "third": "VBZ", "present": "VBP", "first": "VBP", "base": "VB"}
for _row in (
    "be past:was plurals:were third:is present:are first:am base:be participle:been gerund:being",
    "have past:had plurals:had third:has present:have first:have",
    "do past:did plurals:did third:does present:do first:do",
):
    _lemma, *_forms = _row.split()
    CLOSED[_lemma] = {
        key: Form(text, _lemma, "AUX", _XPOS.get(key, "VBN" if key == "participle" else "VBG"))
        for key, text in (entry.split(":") for entry in _forms)
    }
CLOSED["case"] |= CLOSED.pop("'s")
CLOSED["mark"] |= CLOSED.pop("to")
PERSONS = {"i": "I"} | {person: person for person in ("you", "he", "she", "it", "we", "they")}
for _case, _xpos, _texts in (
    ("subject", "PRP", "I you he she it we they"),
    ("object", "PRP", "me you him her it us them"),
    ("owner", "PRP$", "my your his her its our their"),
):
    CLOSED[_case] = {
        person: Form(text, text if _case == "owner" else PERSONS[person], "PRON", _xpos)
        for person, text in zip(PERSONS, _texts.split(), strict=True)
    }
