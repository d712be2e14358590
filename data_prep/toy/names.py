"""Invented names of persons, organisations and places, some of them of several words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .trees import Node
from .words import Draw, Form, StemMaker, one_of, ranked, rows_of, table

ENDINGS = {part: table(rows_of("names")[part][0]) for part in ("she", "he", "family", "place")}
FIRM_HEADS, PLACE_HEADS, PLACE_FIRSTS = (row[0].split() for row in list(rows_of("names").values())[4:])


@dataclass(eq=False)
class Name:
    """A named entity: PER, ORG or LOC, the pronoun that stands for it, its words, and one word for later mentions."""

    kind: str
    pronoun: str
    tree: Node
    short: Form | None = None

    def node(self, relation: str) -> Node:
        """Return the full name as a ``relation`` of something."""
        return Node(self.tree.form, relation, list(self.tree.before), list(self.tree.after))


def entity(text: str, tag: str) -> Form:
    """Return a word of a name; ``tag`` is ``B-`` or ``I-`` and its kind."""
    return Form(text, text, "PROPN", "NNP", tag)


class Gazetteer:
    """The name parts of a language, and how they are put together."""

    def __init__(self, draw: Draw, stems: StemMaker, common: list[str], count: Callable[[int], int]) -> None:
        """Invent parts; some are ``common`` nouns, so that capitals alone do not decide; ``count`` scales numbers."""

        def invent(size: int, part: str) -> list[str]:
            kinds = [
                (1 + (draw() > 0.8), [] if draw() < 0.4 else [ENDINGS[part].pick(draw)]) for _ in range(count(size))
            ]
            return [stems.stem(syllables, suffix).capitalize() for syllables, suffix in kinds]

        families = sorted(invent(260, "family") + common[: count(30)], key=lambda _: draw())
        places = sorted(invent(240, "place") + common[count(20) : count(40)], key=lambda _: draw())
        shared = families[count(5) : count(45)]  # surnames that also name places and firms
        self._given = {pronoun: ranked(invent(90, pronoun)) for pronoun in ("she", "he")}
        self._families = ranked(families, 0.8)
        self._places = ranked(places + shared, 0.9)
        self._firms = ranked(shared + places[: count(120)] + families[count(45) : count(120)], 0.8)
        self._acronyms = ["".join(one_of("BCDFGKLMNPRSTV", draw) for _ in "123") for _ in range(count(60))]

    def person(self, draw: Draw) -> Name:
        """Invent a person: given name, perhaps an initial, family name."""
        pronoun, family = one_of(("she", "he"), draw), self._families.pick(draw)
        after = [f"{one_of('ABCDEFGHJKLMPRSTW', draw)}."] * (draw() < 0.12) + [family]
        given = entity(self._given[pronoun].pick(draw), "B-PER")
        tree = Node(given, "", [], [Node(entity(part, "I-PER"), "flat") for part in after])
        return Name("PER", pronoun, tree, entity(family, "B-PER"))

    def organisation(self, draw: Draw) -> Name:
        """Invent an organisation: one word, an acronym, ``X Council``, ``University of X`` or ``X and Y``."""
        shape, first, head = draw(), self._firms.pick(draw), one_of(FIRM_HEADS, draw)
        if shape < 0.4:
            return Name("ORG", "it", Node(entity(first if shape < 0.2 else one_of(self._acronyms, draw), "B-ORG"), ""))
        if shape < 0.75:
            return Name("ORG", "it", Node(entity(head, "I-ORG"), "", [Node(entity(first, "B-ORG"), "compound")]))
        if shape < 0.9:
            of = Node(Form("of", "of", "ADP", "IN", "I-ORG"), "case")
            return Name("ORG", "it", Node(entity(head, "B-ORG"), "", [], [Node(entity(first, "I-ORG"), "nmod", [of])]))
        second = Node(
            entity(self._firms.pick(draw), "I-ORG"), "conj", [Node(Form("and", "and", "CCONJ", "CC", "I-ORG"), "cc")]
        )
        return Name("ORG", "they", Node(entity(first, "B-ORG"), "", [], [second]))

    def place(self, draw: Draw) -> Name:
        """Invent a place: one word, ``X River`` or ``New X``."""
        shape, name = draw(), self._places.pick(draw)
        if shape < 0.65:
            return Name("LOC", "it", Node(entity(name, "B-LOC"), ""))
        first, last = (name, one_of(PLACE_HEADS, draw)) if shape < 0.82 else (one_of(PLACE_FIRSTS, draw), name)
        return Name("LOC", "it", Node(entity(last, "I-LOC"), "", [Node(entity(first, "B-LOC"), "compound")]))
