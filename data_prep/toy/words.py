"""Open-class lexemes: a meaning with all its forms."""

from __future__ import annotations

from data_prep.toy import morphology
from data_prep.toy.forms import Form
from data_prep.toy.tables import Table


class Noun:
    """A noun: its class, its singular and plural (None for a mass noun), and the word for its kind."""

    __slots__ = ("kind", "lemma", "noun_class", "plural", "singular", "topics")

    def __init__(self, lemma: str, noun_class: str, mass: bool, topics: tuple[int, ...]) -> None:
        """Inflect ``lemma``; ``topics`` are the topics that it is frequent in."""
        self.lemma = lemma
        self.noun_class = noun_class
        self.topics = topics
        self.singular = Form(lemma, lemma, "NOUN", "NN", "Number=Sing")
        self.plural = None if mass else Form(morphology.plural(lemma), lemma, "NOUN", "NNS", "Number=Plur")
        self.kind: Noun | None = None


class Verb:
    """A verb: its class and frame, its inflected forms, and for some an opposite that excludes it."""

    __slots__ = (
        "base", "frame", "gerund", "lemma", "modifier", "objects", "opposite", "participle", "particle", "past",
        "preposition", "present", "third", "topics", "verb_class",
    )  # fmt: skip

    def __init__(
        self, lemma: str, verb_class: str, frame: str, topics: tuple[int, ...], strong: tuple[str, str] | None = None
    ) -> None:
        """Inflect ``lemma``; ``strong`` gives an irregular past and participle."""
        self.lemma = lemma
        self.verb_class = verb_class
        self.frame = frame
        self.topics = topics
        past, participle = strong or (morphology.past(lemma),) * 2
        self.base = Form(lemma, lemma, "VERB", "VB", "VerbForm=Inf")
        self.present = Form(lemma, lemma, "VERB", "VBP", "Mood=Ind|Number=Plur|Tense=Pres|VerbForm=Fin")
        self.third = Form(
            morphology.plural(lemma), lemma, "VERB", "VBZ", "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin"
        )
        self.past = Form(past, lemma, "VERB", "VBD", "Mood=Ind|Tense=Past|VerbForm=Fin")
        self.participle = Form(participle, lemma, "VERB", "VBN", "Tense=Past|VerbForm=Part")
        self.gerund = Form(morphology.gerund(lemma), lemma, "VERB", "VBG", "VerbForm=Ger")
        self.modifier = Form(self.gerund.text, lemma, "VERB", "VBG", "Tense=Pres|VerbForm=Part")
        self.particle: Form | None = None
        self.preposition = ""
        self.objects: Table[str] | None = None
        self.opposite: Verb | None = None


class Adjective:
    """An adjective with its degrees (None where it has none), the adverb made from it, and its opposite."""

    __slots__ = (
        "adjective_class", "adverb", "comparative", "lemma", "opposite", "positive", "superlative", "topics",
    )  # fmt: skip

    def __init__(self, lemma: str, adjective_class: str, gradable: bool, topics: tuple[int, ...]) -> None:
        """Inflect ``lemma``; only short gradable adjectives take -er and -est."""
        self.lemma = lemma
        self.adjective_class = adjective_class
        self.topics = topics
        self.positive = Form(lemma, lemma, "ADJ", "JJ", "Degree=Pos")
        self.comparative: Form | None = None
        self.superlative: Form | None = None
        if gradable and len(lemma) < 7:
            self.comparative = Form(morphology.with_vowel_suffix(lemma, "er"), lemma, "ADJ", "JJR", "Degree=Cmp")
            self.superlative = Form(morphology.with_vowel_suffix(lemma, "est"), lemma, "ADJ", "JJS", "Degree=Sup")
        self.adverb = Form(morphology.adverb(lemma), morphology.adverb(lemma), "ADV", "RB")
        self.opposite: Adjective | None = None
