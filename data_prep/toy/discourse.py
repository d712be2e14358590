"""What a document is about while it is being told: topic, tense, who and what has been named."""

from __future__ import annotations

import random

from data_prep.toy.language import Language
from data_prep.toy.names import Name

GENERIC_SUBJECTS = ("i", "we", "you", "they")


class Discourse:
    """The state of one document; every choice in it comes from one random stream."""

    __slots__ = (
        "draw", "entity_rate", "focus", "language", "organisations", "past", "people", "places", "rng", "topic",
    )  # fmt: skip

    def __init__(self, language: Language, rng: random.Random) -> None:
        """Choose a topic, a tense and a cast of names."""
        draw = rng.random
        self.rng = rng
        self.draw = draw
        self.language = language
        self.topic = language.topics[int(draw() * len(language.topics))]
        self.past = draw() < 0.75
        self.entity_rate = 0.15 + 0.25 * draw()
        gazetteer = language.gazetteer
        self.people = [gazetteer.person(rng) for _ in range(1 + int(draw() * 3))]
        self.organisations = [gazetteer.organisation(rng) for _ in range(1 + int(draw() * 2))]
        self.places = [gazetteer.place(rng) for _ in range(1 + int(draw() * 3))]
        self.focus = ""  # the third-person pronoun that the last subject would take, "" where none is open

    def name(self, kind: str) -> Name:
        """Return a name of ``kind`` (PER, ORG or LOC): mostly one of the cast, the first most often."""
        draw = self.draw
        if kind == "PER":
            cast, invent = self.people, self.language.gazetteer.person
        elif kind == "ORG":
            cast, invent = self.organisations, self.language.gazetteer.organisation
        else:
            cast, invent = self.places, self.language.gazetteer.place
        if draw() < 0.25:
            return invent(self.rng)
        return cast[int(draw() * draw() * len(cast))]
