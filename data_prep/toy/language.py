"""The lexicon of one seeded language: classes of words, what goes with what, and how often under each topic."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from . import words
from .names import Gazetteer
from .words import CLOSED, Draw, Form, StemMaker, Table, one_of, ranked, rows_of, table, weights

PERSONS = ("worker", "official")
TOPICS = 16
TOPICAL_SHARE = 0.75  # of the lexemes; the others are as frequent under every topic
TOPIC_BOOST, GENERAL_BOOST = 30.0, 3.0  # of a lexeme under its own topic, and of one of none


@dataclass(eq=False)
class Word:
    """A lexeme: its class, its forms, the topics that it is frequent in, and its relations to other words.

    Attributes:
        kind: of a noun, the word for its kind, which has none itself.
        opposite: of a verb, the one that excludes it.
        frame: of a verb, what follows it; with the classes of its objects and obliques, its preposition and particle.
    """

    lemma: str
    category: str
    topics: tuple[int, ...]
    forms: dict[str, Form] = field(default_factory=dict)
    kind: Word | None = None
    opposite: Word | None = None
    frame: tuple[str, ...] = ()
    objects: Table[str] | None = None
    obliques: Table[str] | None = None
    preposition: str = ""
    particle: str = ""

    def inflect(self, upos: str, forms: str, **texts: str) -> Word:
        """Add the forms ``key:XPOS``, each spelled as the lemma unless ``texts`` says how; return the word."""
        for key, xpos in (form.split(":") for form in forms.split()):
            self.forms[key] = Form(texts.get(key, self.lemma), self.lemma, upos, xpos)
        return self

    def noun(self, mass: bool = False) -> Word:
        """Inflect a noun; a mass noun has no plural."""
        return self.inflect("NOUN", "singular:NN" + " plural:NNS" * (not mass), plural=words.plural(self.lemma))

    def verb(self) -> Word:
        """Inflect a verb."""
        past, gerund = words.suffixed(self.lemma, "ed"), words.suffixed(self.lemma, "ing")
        texts = {"third": words.plural(self.lemma), "past": past, "participle": past, "gerund": gerund}
        return self.inflect("VERB", "base:VB present:VBP third:VBZ past:VBD participle:VBN gerund:VBG", **texts)

    def adjective(self, gradable: bool) -> Word:
        """Inflect an adjective, and make its adverb; only short gradable ones take -er."""
        adverb = words.adverb(self.lemma)
        self.inflect("ADJ", "positive:JJ" + " comparative:JJR" * gradable, comparative=words.suffixed(self.lemma, "er"))
        self.forms["adverb"] = Form(adverb, adverb, "ADV", "RB")
        return self


def classes(cell: str) -> dict[str, float]:
    """Read classes of nouns with weights; a group stands for its members."""
    found: dict[str, float] = {}
    for name, scale in weights(cell).items():
        found |= {
            member: scale * own
            for member, own in weights(rows_of("groups").get(name, [name])[0]).items()
            if member != "-"
        }
    return found


class Language:
    """All lexemes of a seed, ranked by frequency inside their class; ``lexicon`` is the share of them that exist."""

    def __init__(self, seed: int, lexicon: float) -> None:
        self._draw = draw = random.Random(f"toy lexicon {seed}").random
        self._share = lexicon
        self._stems = StemMaker(draw)
        self.nouns = {
            name: [word.noun(draw() < float(mass)) for word in self._new(name, size, suffixes)]
            for name, (size, suffixes, _, mass, _) in rows_of("nouns").items()
        }
        self.adjectives = {
            name: [
                word.adjective(gradable == "yes" and len(word.lemma) < 7) for word in self._new(name, size, suffixes)
            ]
            for name, (size, suffixes, gradable, _) in rows_of("adjectives").items()
        }
        self.verbs = {
            name: [self._verb(word, *row) for word in self._new(name, size, suffixes)]
            for name, (size, suffixes, _, *row) in rows_of("verbs").items()
        }
        for row in self.verbs.values():  # neighbours in rank exclude each other
            for first, second in zip(row[0::2], row[1::2], strict=False):
                first.opposite, second.opposite = second, first
            for word in row:
                self._derive_nouns(word)
        for row in self.nouns.values():
            for word in row[1:]:
                word.kind = row[0]
        common = [word.lemma.capitalize() for name in ("tool", "food") for word in self.nouns[name][2:60:2]]
        self.names = Gazetteer(draw, self._stems, common, self._count)
        self.complements = {name: table(row[4], ",") for name, row in rows_of("nouns").items()}
        self.adjuncts = table(rows_of("phrases")["adjuncts"][0], ",")
        self.manner = ranked([word.forms["adverb"] for row in self.adjectives.values() for word in row[:20]])
        self.topics = [Topic(self, index, random.Random(f"toy topic {seed} {index}").random) for index in range(TOPICS)]

    def _count(self, size: int) -> int:
        """Return how many of ``size`` lexemes exist; never fewer than four, so that each class keeps a choice."""
        return max(min(size, 4), round(size * self._share))

    def _new(self, name: str, size: str, suffixes: str) -> Iterator[Word]:
        """Yield new words: frequent ones are short, rare ones longer and often suffixed."""
        draw, count = self._draw, self._count(int(size))
        for place in (rank / count for rank in range(count)):
            if suffixes and place > 0.15 and draw() < 0.5:
                lemma = self._stems.stem(1 + (draw() > 0.7), suffixes.split())
            else:
                lemma = self._stems.stem(1 + (draw() < 0.15 + 0.7 * place))
            yield Word(lemma, name, (int(draw() * TOPICS),) if draw() < TOPICAL_SHARE else ())

    def _verb(self, word: Word, frame: str, _: str, objects: str, obliques: str) -> Word:
        """Inflect a verb and say what goes with it: each likes some of the classes that its class allows."""
        prepositions, _, places = obliques.partition(":")
        word.frame = tuple(frame.split())
        word.preposition, word.particle = (
            one_of(list(p), self._draw) for p in (prepositions.split(), CLOSED["particle"])
        )
        if liked := classes(objects):
            word.objects = Table(liked, [weight * self._draw() ** 2 + 0.01 for weight in liked.values()])
        if places:
            word.obliques = Table(classes(places), classes(places).values())
        return word.verb()

    def _derive_nouns(self, verb: Word) -> None:
        """Add a noun made from a verb, such as -er, or one that shares its form."""
        chance, category, lemma = self._draw(), "event", verb.lemma
        if chance < 0.17 and len(lemma) < 7 and verb.category != "say":  # "to walk", "a walk"
            lemma = lemma if chance < 0.1 else verb.forms["gerund"].text
        elif chance < 0.25:
            lemma += "ment"
        elif chance < 0.4 and verb.frame == ("obj",):
            category, lemma = "official" if verb.category == "rule" else "worker", words.suffixed(lemma, "er")
        else:
            return
        row = self.nouns[category]
        row.insert(min(len(row), 2 + int(self._draw() ** 0.7 * len(row))), Word(lemma, category, verb.topics).noun())


class Topic:
    """The word distributions inside documents of one topic: boosted where a lexeme belongs to it."""

    def __init__(self, language: Language, index: int, draw: Draw) -> None:
        favoured = {name: 3.0 if draw() < 0.25 else 1.0 for name in [*language.nouns, *language.verbs]}

        def boosted(row: list[Word], scale: float = 1.0) -> list[tuple[Word, float]]:
            boosts = (TOPIC_BOOST if index in word.topics else 1.0 if word.topics else GENERAL_BOOST for word in row)
            return [
                (word, scale * boost / (rank + 2.5)) for rank, (word, boost) in enumerate(zip(row, boosts, strict=True))
            ]

        pairs: dict[str, dict[str, list[tuple[Word, float]]]] = {
            "nouns": {name: boosted(row) for name, row in language.nouns.items()},
            "adjectives": {name: [] for name in language.nouns},
            "verbs": {name: [] for name in language.nouns},
        }
        for name, (*_, described) in rows_of("adjectives").items():
            for category in described.split():
                pairs["adjectives"][category] += boosted(language.adjectives[name])
        for name, (_, _, weight, _, subjects, *_) in rows_of("verbs").items():
            scale = float(weight) * favoured[name] / sum(own for _, own in boosted(language.verbs[name]))
            for category, own in classes(subjects).items():
                pairs["verbs"][category] += boosted(language.verbs[name], scale * own)
        self.nouns, self.adjectives, self.verbs = (
            {name: Table([word for word, _ in row], [weight for _, weight in row]) for name, row in kind.items()}
            for kind in pairs.values()
        )
        self.subjects = Table(
            language.nouns, [float(row[2]) * favoured[name] for name, row in rows_of("nouns").items()]
        )


@lru_cache(maxsize=2)
def language_of(seed: int, lexicon: float = 1.0) -> Language:
    """Return the language of ``seed``, built once a process."""
    return Language(seed, lexicon)
