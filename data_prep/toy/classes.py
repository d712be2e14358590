"""What kinds of words there are, and what goes with what: the meaning side of the grammar.

Nouns belong to classes, verb classes choose the classes of their arguments, adjective classes choose the
nouns that they describe, prepositions choose their complements. Numbers are weights or numbers of lemmas.
"""

from __future__ import annotations

from dataclasses import dataclass

PERSONS = ("worker", "official", "relative", "artist")


@dataclass(frozen=True)
class NounClass:
    """A class of nouns: how many base lemmas, how frequent as a subject, and which suffixes it likes."""

    size: int
    subject: float
    suffixes: str = ""
    mass: float = 0.0


NOUN_CLASSES: dict[str, NounClass] = {
    "worker": NounClass(90, 8, "er or ist ard"),
    "official": NounClass(60, 8, "or ent ary"),
    "relative": NounClass(40, 5),
    "artist": NounClass(50, 4, "ist ian"),
    "group": NounClass(90, 8, "ship hood"),
    "animal": NounClass(100, 4),
    "plant": NounClass(70, 1.5),
    "food": NounClass(90, 1, mass=0.4),
    "material": NounClass(80, 1.2, "ine ium", mass=1.0),
    "vehicle": NounClass(60, 2.5),
    "tool": NounClass(110, 1.2),
    "garment": NounClass(60, 0.5),
    "building": NounClass(90, 1.5, "ery age"),
    "landscape": NounClass(90, 1),
    "room": NounClass(50, 0.3),
    "document": NounClass(90, 2.5, "al ure"),
    "device": NounClass(90, 2, "ode tron"),
    "event": NounClass(130, 4, "ment ation ance"),
    "idea": NounClass(130, 3, "ity ism ence dom"),
    "feeling": NounClass(60, 1, "th ure", mass=0.6),
    "illness": NounClass(50, 1.5, "osis itis"),
    "weather": NounClass(40, 1, mass=0.5),
    "body": NounClass(50, 0.7),
}


PLACES = {"building": 1.0, "landscape": 1.2, "room": 0.6}

ADJECTIVE_CLASSES: dict[str, tuple[int, bool, str, str]] = {
    # lemmas, gradable, suffixes, noun classes described
    "character": (60, True, "y ous ful", "worker official relative artist animal group"),
    "mood": (40, True, "y ful less", "worker official relative artist feeling"),
    "size": (25, True, "", "animal plant vehicle tool garment building landscape room device body food"),
    "age": (18, True, "", "worker official relative artist building document garment vehicle tool idea group"),
    "colour": (25, True, "ish", "animal plant vehicle garment building material tool body landscape"),
    "texture": (50, True, "y en", "material tool garment food body plant"),
    "taste": (30, True, "y ish", "food plant"),
    "praise": (40, True, "able ous ive", "document event idea feeling building garment food artist worker device"),
    "public": (70, False, "al ic ary", "official group event document idea"),
    "abstract": (60, True, "ive ent al", "idea event feeling document illness"),
    "climate": (30, True, "y id", "weather landscape room building"),
    "technical": (50, False, "ic al ant", "vehicle device tool material event"),
    "morbid": (30, True, "id ous", "illness body animal"),
}

NOUN_COMPLEMENTS: dict[str, dict[str, float]] = {
    # a noun of the class may be followed by "preposition class"
    "worker": {"from landscape": 2, "with tool": 1, "of group": 2, "in building": 1},
    "official": {"of group": 4, "of landscape": 2, "from building": 1},
    "relative": {"of worker": 2, "of official": 2, "from landscape": 1},
    "artist": {"from landscape": 2, "of group": 1, "with feeling": 1},
    "group": {"of worker": 3, "of official": 2, "from landscape": 1, "for event": 1},
    "animal": {"in landscape": 2, "with body": 2},
    "plant": {"in landscape": 3, "near building": 1},
    "food": {"with food": 2, "from landscape": 1, "for animal": 1},
    "material": {"from landscape": 2, "for building": 1, "for tool": 1},
    "vehicle": {"with device": 1, "of group": 1, "for material": 1},
    "tool": {"of material": 2, "for material": 1, "of worker": 1},
    "garment": {"of material": 3, "of artist": 1},
    "building": {"in landscape": 3, "of group": 2, "near landscape": 1, "with room": 1},
    "landscape": {"of material": 1, "near building": 1, "with plant": 1},
    "room": {"of building": 3, "for event": 1, "with device": 1},
    "document": {"about idea": 3, "about event": 3, "of group": 1, "by artist": 2},
    "device": {"for event": 1, "in vehicle": 1, "for material": 1, "with tool": 1},
    "event": {"of group": 3, "in building": 1, "for relative": 1, "against illness": 1, "between group": 1},
    "idea": {"of event": 2, "of feeling": 1, "of group": 1, "about material": 1},
    "feeling": {"of relative": 1, "of event": 2, "about idea": 1, "for animal": 1},
    "illness": {"of body": 3, "of animal": 1},
    "weather": {"in landscape": 2, "over landscape": 2},
    "body": {"of animal": 2, "of relative": 2},
}

ADJUNCTS: dict[str, float] = {
    # free prepositional adjuncts of a clause
    "in landscape": 3, "in building": 3, "in room": 2, "at building": 2, "near landscape": 2, "behind building": 1,
    "under weather": 0.5, "with tool": 3, "with relative": 1, "without feeling": 1.5, "for event": 1.5,
    "after event": 2.5, "before event": 2, "during event": 2.5, "since event": 1, "within group": 1,
    "like animal": 0.5, "over landscape": 1,
}  # fmt: skip

TOPICS = 16
TOPICAL_SHARE = 0.75  # of the lexemes; the others are as frequent under every topic
TOPIC_BOOST = 30.0  # a lexeme under its own topic, against a lexeme of another one
GENERAL_BOOST = 3.0
