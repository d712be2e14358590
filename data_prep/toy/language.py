"""The lexicon of one seeded language, and its distribution over words under each topic."""

from __future__ import annotations

import random
from functools import lru_cache

from data_prep.toy import morphology
from data_prep.toy.classes import (
    ADJECTIVE_CLASSES,
    ADJUNCTS,
    GENERAL_BOOST,
    NOUN_CLASSES,
    NOUN_COMPLEMENTS,
    TOPIC_BOOST,
    TOPICAL_SHARE,
    TOPICS,
)
from data_prep.toy.function_words import PARTICLES, reserved_words
from data_prep.toy.names import Gazetteer
from data_prep.toy.stems import StemMaker
from data_prep.toy.tables import Table, table_of, zipf_weights
from data_prep.toy.verb_classes import VERB_CLASSES
from data_prep.toy.words import Adjective, Noun, Verb

SUFFIXED_SHARE = 0.5
CONVERTED_SHARE = 0.1
STRONG_SHARE = 0.5
PREFIXED_OPPOSITES = 0.6
MANNER_CLASSES = ("character", "mood", "abstract", "praise", "texture")


class Language:
    """All lexemes of a seed, ranked by frequency inside their class."""

    def __init__(self, seed: int, lexicon: float = 1.0) -> None:
        """Invent the words; every choice is a function of ``seed`` and ``lexicon``.

        Args:
            seed: of the lexicon.
            lexicon: share of the lexemes and names that exist, above 0 and up to 1. Fewer words are seen more often
                each, so that a smaller model learns them in fewer updates.
        """
        self.seed = seed
        self._share = lexicon
        self._rng = random.Random(f"toy lexicon {seed}")
        self._stems = StemMaker(self._rng, reserved_words())
        self.adjectives = {name: self._adjectives(name) for name in ADJECTIVE_CLASSES}
        self.verbs = {name: self._verbs(name) for name in VERB_CLASSES}
        self.nouns = {name: self._nouns(name) for name in NOUN_CLASSES}
        self._derive_nouns()
        for words in self.nouns.values():
            for noun in words[1:]:
                noun.kind = words[0]
        common = [noun.lemma for name in ("tool", "landscape", "plant") for noun in self.nouns[name][2:40:2]]
        self.gazetteer = Gazetteer(self._rng, self._stems, common, self._count)
        self.complements = {
            name: table_of({tuple(key.split()): weight for key, weight in row.items()})
            for name, row in NOUN_COMPLEMENTS.items()
        }
        self.adjuncts = table_of({tuple(key.split()): weight for key, weight in ADJUNCTS.items()})
        manner = [pair for name in MANNER_CLASSES for pair in self._ranked(self.adjectives[name])]
        self.manner = Table([adjective.adverb for adjective, _ in manner], [weight for _, weight in manner])
        self.topics = [Topic(self, index) for index in range(TOPICS)]

    def _count(self, size: int) -> int:
        """Return how many of ``size`` lexemes exist; never fewer than four, so that each class keeps a choice."""
        return max(min(size, 4), round(size * self._share))

    def _some_topics(self) -> tuple[int, ...]:
        draw = self._rng.random
        return (int(draw() * TOPICS),) if draw() < TOPICAL_SHARE else ()

    def _stem(self, rank: int, size: int, suffixes: str) -> str:
        """Return a stem: frequent words are short, rare ones longer and often suffixed."""
        draw = self._rng.random
        position = rank / size
        if suffixes and position > 0.15 and draw() < SUFFIXED_SHARE:
            return self._stems.stem(1 if draw() < 0.7 else 2, table_of(dict.fromkeys(suffixes.split(), 1.0)))
        longer = draw() < 0.15 + 0.7 * position
        return self._stems.stem(2 if longer else 1)

    def _adjectives(self, name: str) -> list[Adjective]:
        full, gradable, suffixes, _ = ADJECTIVE_CLASSES[name]
        size = self._count(full)
        out: list[Adjective] = []
        for rank in range(size):
            out.append(Adjective(self._stem(rank, size, suffixes), name, gradable, self._some_topics()))
        if gradable:  # neighbours in rank exclude each other; some opposites are made with un-
            for first, second in zip(out[0::2], out[1::2], strict=False):
                first.opposite, second.opposite = second, first
            for first in out[1 : size // 2 : 6]:
                if self._stems.claim("un" + first.lemma):
                    opposite = Adjective("un" + first.lemma, name, gradable, first.topics)
                    out.append(opposite)
        return out

    def _verbs(self, name: str) -> list[Verb]:
        row = VERB_CLASSES[name]
        size = self._count(row.size)
        draw = self._rng.random
        particles = table_of({"up": 3.0, "out": 3.0, "off": 2.0, "down": 2.0, "away": 1.0, "over": 1.0, "back": 1.0})
        out: list[Verb] = []
        for rank in range(size):
            lemma = self._stem(rank, size, row.suffixes)
            if rank % 2 and row.frame == "object" and draw() < PREFIXED_OPPOSITES:  # "fold", "unfold"
                prefixed = ("un" if draw() < 0.6 else "dis") + out[-1].lemma
                lemma = prefixed if self._stems.claim(prefixed) else lemma
            strong = morphology.ablaut(lemma) if draw() < STRONG_SHARE else None
            if strong and not all(self._stems.claim(form) for form in strong):
                strong = None
            verb = Verb(lemma, name, row.frame, self._some_topics(), strong)
            if row.frame.startswith("particle"):
                verb.particle = PARTICLES[particles.pick(draw())]
            if row.prepositions:
                verb.preposition = row.prepositions[int(draw() * len(row.prepositions))]
            if row.objects:  # each verb likes some of the classes that its class allows
                liked = {key: weight * draw() ** 2 for key, weight in row.objects.items()}
                verb.objects = table_of({key: weight + 0.01 for key, weight in liked.items()})
            out.append(verb)
        for first, second in zip(out[0::2], out[1::2], strict=False):
            first.opposite, second.opposite = second, first
        return out

    def _nouns(self, name: str) -> list[Noun]:
        row = NOUN_CLASSES[name]
        size = self._count(row.size)
        draw = self._rng.random
        return [
            Noun(self._stem(rank, size, row.suffixes), name, draw() < row.mass and rank > 0, self._some_topics())
            for rank in range(size)
        ]

    def _derive_nouns(self) -> None:
        """Add -er, -ness and -ing nouns, and nouns and verbs that share their form."""
        draw = self._rng.random

        def add(noun_class: str, lemma: str, topics: tuple[int, ...], mass: bool = False) -> None:
            if self._stems.claim(lemma):
                words = self.nouns[noun_class]
                rank = 4 + int(draw() ** 0.7 * (len(words) - 4))
                words.insert(rank, Noun(lemma, noun_class, mass, topics))

        for name in ("make", "write", "carry", "fight", "help", "rule", "use", "heal", "discuss"):
            for verb in self.verbs[name][: len(self.verbs[name]) // 2]:
                if draw() < 0.35:
                    target = "official" if name == "rule" else "worker"
                    add(target, morphology.with_vowel_suffix(verb.lemma, "er"), verb.topics)
        for name in ("character", "mood", "abstract"):
            for adjective in self.adjectives[name]:
                if draw() < 0.35:
                    add(
                        "feeling" if name == "mood" else "idea",
                        morphology.quality(adjective.lemma),
                        adjective.topics,
                        True,
                    )
        for name, words in self.verbs.items():
            for verb in words:
                if len(verb.lemma) > 6:
                    continue
                chance = draw()
                if chance < CONVERTED_SHARE:  # "to walk", "a walk"
                    rank = 2 + int(draw() * 60)
                    self.nouns["event"].insert(rank, Noun(verb.lemma, "event", False, verb.topics))
                elif chance < CONVERTED_SHARE + 0.08 and name != "say":
                    rank = 6 + int(draw() * 100)
                    self.nouns["event"].insert(rank, Noun(verb.gerund.text, "event", False, verb.topics))
                elif chance < CONVERTED_SHARE + 0.2:
                    add("event", verb.lemma + "ment", verb.topics)

    @staticmethod
    def _ranked(words: list) -> list[tuple]:
        return list(zip(words, zipf_weights(len(words)), strict=True))


class Topic:
    """The word distributions inside documents of one topic."""

    def __init__(self, language: Language, index: int) -> None:
        """Weigh every lexeme by rank, times TOPIC_BOOST where it belongs to topic ``index``."""
        rng = random.Random(f"toy topic {language.seed} {index}")
        favoured = {name: (3.0 if rng.random() < 0.25 else 1.0) for name in (*NOUN_CLASSES, *VERB_CLASSES)}

        def boosted(words: list) -> list[tuple]:
            return [
                (word, weight * (TOPIC_BOOST if index in word.topics else 1.0 if word.topics else GENERAL_BOOST))
                for word, weight in zip(words, zipf_weights(len(words)), strict=True)
            ]

        def table(pairs: list[tuple]) -> Table:
            return Table([item for item, _ in pairs], [weight for _, weight in pairs])

        self.nouns: dict[str, Table[Noun]] = {name: table(boosted(words)) for name, words in language.nouns.items()}
        self.adjectives: dict[str, Table[Adjective]] = {}
        self.verbs: dict[str, Table[Verb]] = {}
        by_class = {name: boosted(words) for name, words in language.verbs.items()}
        mass_of = {name: sum(weight for _, weight in pairs) for name, pairs in by_class.items()}
        for noun_class in NOUN_CLASSES:
            described = [
                pair
                for name, row in ADJECTIVE_CLASSES.items()
                if noun_class in row[3].split()
                for pair in boosted(language.adjectives[name])
            ]
            self.adjectives[noun_class] = table(described)
            doing = [
                (verb, weight * row.weight * row.subjects[noun_class] * favoured[name] / mass_of[name])
                for name, row in VERB_CLASSES.items()
                if noun_class in row.subjects
                for verb, weight in by_class[name]
            ]
            self.verbs[noun_class] = table(doing)
        self.subjects = Table(list(NOUN_CLASSES), [row.subject * favoured[name] for name, row in NOUN_CLASSES.items()])


@lru_cache(maxsize=2)
def language_of(seed: int, lexicon: float = 1.0) -> Language:
    """Return the language of ``seed``, built once a process."""
    return Language(seed, lexicon)
