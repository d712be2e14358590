"""Invented names of persons, organisations and places, some of them of several words."""

from __future__ import annotations

import random
from collections.abc import Callable

from data_prep.toy.forms import Form
from data_prep.toy.stems import StemMaker
from data_prep.toy.tables import Table, table_of, words, zipf_weights
from data_prep.toy.trees import Node

GIVEN_ENDINGS = {
    "she": table_of({"a": 4, "ine": 2, "elle": 1, "ia": 2}),
    "he": table_of({"o": 2, "us": 1, "ard": 2, "en": 2}),
}
FAMILY_ENDINGS = table_of({"son": 3, "er": 2, "man": 2, "ley": 2, "sky": 1, "ez": 1})
PLACE_ENDINGS = table_of({"ton": 4, "ville": 3, "burg": 2, "ford": 3, "land": 2, "ia": 2, "mouth": 1})
ORGANISATION_HEADS = words("University Council Company Bank Party Group Institute Union Club Records Press Museum")
PLACE_HEADS = words("River County Island Lake Street Bay Valley Hills")
PLACE_FIRSTS = words("North South New Port Saint Upper East West")


def _name_forms(text: str, kind: str) -> tuple[Form, Form]:
    """Return the form that begins an entity of ``kind`` and the form that continues one."""
    begin, inside = (Form(text, text, "PROPN", "NNP", "Number=Sing", f"{prefix}-{kind}") for prefix in "BI")
    return begin, inside


class Name:
    """A named entity: its words as a subtree recipe, its kind, and the pronoun that stands for it."""

    __slots__ = ("dependents", "head", "kind", "pronoun", "short")

    def __init__(
        self,
        kind: str,
        pronoun: str,
        head: Form,
        dependents: tuple[list[Node], list[Node]] = ([], []),
        short: Form | None = None,
    ) -> None:
        """Describe the name.

        Args:
            kind: ``PER``, ``ORG`` or ``LOC``.
            pronoun: key of function_words.SUBJECT_PRONOUNS.
            head: the head word.
            dependents: nodes before and after the head; they are shared by every mention.
            short: the single word that later mentions may use.
        """
        self.kind = kind
        self.pronoun = pronoun
        self.head = head
        self.dependents = dependents
        self.short = short

    def node(self, relation: str) -> Node:
        """Return the full name as a ``relation`` of something."""
        return Node(self.head, relation, self.dependents[0], self.dependents[1])


class Gazetteer:
    """The name parts of a language, and how they are put together."""

    def __init__(self, rng: random.Random, stems: StemMaker, common: list[str], count: Callable[[int], int]) -> None:
        """Invent the parts.

        Args:
            rng: source of all choices.
            stems: maker of unused stems.
            common: common nouns; some become name parts too, so that capitals alone do not decide.
            count: how many of so many parts the language has.
        """
        draw = rng.random

        def invent(count: int, endings: Table[str]) -> list[str]:
            out: list[str] = []
            while len(out) < count:
                syllables = 1 if draw() < 0.8 else 2
                plain = draw() < 0.4
                out.append(stems.stem(syllables, None if plain else endings).capitalize())
            return out

        given = {pronoun: invent(count(90), endings) for pronoun, endings in GIVEN_ENDINGS.items()}
        borrowed = [word.capitalize() for word in common]
        families = invent(count(260), FAMILY_ENDINGS) + borrowed[: count(30)]
        places = invent(count(240), PLACE_ENDINGS) + borrowed[count(20) : count(40)]
        rng.shuffle(families)
        rng.shuffle(places)
        shared = families[count(5) : count(45)]  # surnames that also name places and firms
        acronyms = [
            "".join("BCDFGKLMNPRSTV"[int(draw() * 14)] for _ in range(3 + (draw() < 0.3))) for _ in range(count(60))
        ]

        def person(text: str) -> tuple[Form, Form]:
            return _name_forms(text, "PER")

        self._given = {
            pronoun: Table([person(text) for text in texts], zipf_weights(len(texts)))
            for pronoun, texts in given.items()
        }
        self._families = Table([person(text) for text in families], zipf_weights(len(families), 0.8))
        place_forms = [_name_forms(text, "LOC") for text in places + shared]
        self._places = Table(place_forms, zipf_weights(len(place_forms), 0.9))
        self._place_heads = [_name_forms(text, "LOC") for text in PLACE_HEADS]
        self._place_firsts = [_name_forms(text, "LOC") for text in PLACE_FIRSTS]
        firm_parts = [
            _name_forms(text, "ORG") for text in shared + places[: count(120)] + families[count(45) : count(120)]
        ]
        self._firms = Table(firm_parts, zipf_weights(len(firm_parts), 0.8))
        self._firm_heads = [_name_forms(text, "ORG") for text in ORGANISATION_HEADS]
        self._acronyms = [_name_forms(text, "ORG")[0] for text in dict.fromkeys(acronyms)]
        self._of = Form("of", "of", "ADP", "IN", "_", "I-ORG")
        self._and = Form("and", "and", "CCONJ", "CC", "_", "I-ORG")
        initials = "ABCDEFGHJKLMPRSTW"
        self._initials = [_name_forms(f"{letter}.", "PER")[1] for letter in initials]

    def person(self, rng: random.Random) -> Name:
        """Invent a person: given name, perhaps an initial, family name."""
        draw = rng.random
        pronoun = "she" if draw() < 0.5 else "he"
        given = self._given[pronoun].pick(draw())[0]
        begin, inside = self._families.pick(draw())
        after = [Node(self._initials[int(draw() * len(self._initials))], "flat")] if draw() < 0.12 else []
        after.append(Node(inside, "flat"))
        return Name("PER", pronoun, given, ([], after), short=begin)

    def organisation(self, rng: random.Random) -> Name:
        """Invent an organisation: one word, an acronym, ``X Council``, ``University of X`` or ``X and Y``."""
        draw = rng.random
        shape = draw()
        begin, inside = self._firms.pick(draw())
        if shape < 0.2:
            return Name("ORG", "it", begin)
        if shape < 0.4:
            return Name("ORG", "it", self._acronyms[int(draw() * len(self._acronyms))])
        head_begin, head_inside = self._firm_heads[int(draw() * len(self._firm_heads))]
        if shape < 0.75:
            return Name("ORG", "it", head_inside, ([Node(begin, "compound")], []))
        if shape < 0.9:
            return Name("ORG", "it", head_begin, ([], [Node(inside, "nmod", [Node(self._of, "case")])]), short=None)
        second = self._firms.pick(draw())[1]
        return Name("ORG", "they", begin, ([], [Node(second, "conj", [Node(self._and, "cc")])]))

    def place(self, rng: random.Random) -> Name:
        """Invent a place: one word, ``X River`` or ``New X``."""
        draw = rng.random
        shape = draw()
        begin, inside = self._places.pick(draw())
        if shape < 0.65:
            return Name("LOC", "it", begin)
        if shape < 0.82:
            head = self._place_heads[int(draw() * len(self._place_heads))][1]
            return Name("LOC", "it", head, ([Node(begin, "compound")], []))
        first = self._place_firsts[int(draw() * len(self._place_firsts))][0]
        return Name("LOC", "it", inside, ([Node(first, "compound")], []))
