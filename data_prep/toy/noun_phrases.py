"""Noun phrases: determiners that agree, adjectives, complements, relative clauses, names, pronouns."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from data_prep.toy.classes import PERSONS
from data_prep.toy.discourse import GENERIC_SUBJECTS, Discourse
from data_prep.toy.forms import Form
from data_prep.toy.function_words import (
    CONJUNCTIONS,
    COUNTS,
    DEGREE,
    DETERMINERS,
    GENITIVE,
    NUMBER_WORDS,
    OBJECT_PRONOUNS,
    POSSESSIVES,
    PREPOSITIONS,
    PUNCTUATION,
    SUBJECT_PRONOUNS,
    SYMBOLS,
)
from data_prep.toy.morphology import article
from data_prep.toy.tables import table_of
from data_prep.toy.trees import Node

SINGULAR_DETERMINERS = table_of(
    {"the": 50, "a": 27, "this": 4, "that": 2, "poss": 9, "every": 1.5, "each": 1, "another": 2, "no": 1, "gen": 4}
)
PLURAL_DETERMINERS = table_of(
    {"the": 36, "": 24, "these": 4, "those": 3, "poss": 8, "some": 5, "many": 5, "several": 4, "all": 3, "few": 1,
     "num": 10, "digits": 4, "gen": 2, "no": 1, "both": 1}
)  # fmt: skip
MASS_DETERMINERS = table_of({"the": 45, "": 36, "some": 6, "much": 3, "this": 4, "poss": 6, "any": 1})
NUMBERS = list(NUMBER_WORDS.values())
DEGREES = [DEGREE[word] for word in ("very", "rather", "quite", "too", "so")]
MORE = DEGREE["more"]
PLACE_CLASSES = ("landscape", "building")


class Phrase(NamedTuple):
    """A finished noun phrase: its head, and what must agree with it."""

    node: Node
    plural: bool
    pronoun: str  # key of SUBJECT_PRONOUNS for later mentions


Relative = Callable[[Discourse, str, bool, int], Node]


def adjective_node(discourse: Discourse, noun_class: str, relation: str) -> Node:
    """Return an adjective that suits ``noun_class``, sometimes with a degree word or in the comparative."""
    draw = discourse.draw
    adjective = discourse.topic.adjectives[noun_class].pick(draw())
    shape = draw()
    if shape < 0.84:
        return Node(adjective.positive, relation)
    if shape < 0.92:
        return Node(adjective.positive, relation, [Node(DEGREES[int(draw() * 5)], "advmod")])
    if adjective.comparative is not None:
        return Node(adjective.comparative, relation)
    return Node(adjective.positive, relation, [Node(MORE, "advmod")])


def first_text(node: Node) -> str:
    """Return the first word of ``node`` in order."""
    while node.before:
        node = node.before[0]
    return node.form.text


def _determiner(discourse: Discourse, kind: str, nouns_before: list[Node], head: Form) -> Node | None:
    draw = discourse.draw
    if not kind:
        return None
    if kind == "a":
        following = first_text(nouns_before[0]) if nouns_before else head.text
        return Node(DETERMINERS[article(following)], "det")
    if kind == "poss":
        key = discourse.focus or ("i", "we", "they", "he", "she")[int(draw() * 5)]
        return Node(POSSESSIVES[key], "nmod:poss")
    if kind == "num":
        return Node(NUMBERS[int(draw() * draw() * len(NUMBERS))], "nummod")
    if kind == "digits":
        return Node(COUNTS[int(draw() * draw() * len(COUNTS))], "nummod")
    if kind == "gen":
        shape = draw()
        if shape < 0.65:
            owner = discourse.name("PER" if shape < 0.4 else "ORG").node("nmod:poss")
            return Node(owner.form, owner.relation, owner.before, [*owner.after, Node(GENITIVE, "case")])
        noun = discourse.topic.nouns[PERSONS[int(draw() * 4)]].pick(draw())
        return Node(noun.singular, "nmod:poss", [Node(DETERMINERS["the"], "det")], [Node(GENITIVE, "case")])
    return Node(DETERMINERS[kind], "det")


def prepositional(preposition: str, node: Node) -> Node:
    """Put ``preposition`` in front of the noun phrase ``node``."""
    return Node(node.form, node.relation, [Node(PREPOSITIONS[preposition], "case"), *node.before], node.after)


def _name_for(discourse: Discourse, noun_class: str, relation: str) -> Phrase | None:
    """Return a name where the class can be named and chance has it."""
    chance = discourse.draw()
    rate = discourse.entity_rate
    if noun_class in PERSONS:
        if chance >= 1.3 * rate:
            return None
        name = discourse.name("PER")
        if name.short is not None and discourse.draw() < 0.45:
            return Phrase(Node(name.short, relation), False, name.pronoun)
    elif noun_class == "group":
        if chance >= 1.5 * rate:
            return None
        name = discourse.name("ORG")
    elif noun_class in PLACE_CLASSES:
        if chance >= 1.3 * rate:
            return None
        name = discourse.name("LOC")
    else:
        return None
    return Phrase(name.node(relation), name.pronoun == "they", name.pronoun)


def noun_phrase(
    discourse: Discourse, noun_class: str, relation: str, room: int, relative: Relative | None = None
) -> Phrase:
    """Return a noun phrase about ``noun_class``.

    Args:
        discourse: the document so far.
        noun_class: key of classes.NOUN_CLASSES.
        relation: its relation to its head.
        room: how many further modifiers may nest below it (0: none).
        relative: builds a relative clause, given the noun class, its number and the room left.
    """
    draw = discourse.draw
    named = _name_for(discourse, noun_class, relation)
    if named is not None:
        return named
    noun = discourse.topic.nouns[noun_class].pick(draw())
    person = noun_class in PERSONS
    before: list[Node] = []
    after: list[Node] = []
    shape = draw()
    if shape < 0.34:
        before.append(adjective_node(discourse, noun_class, "amod"))
        if shape < 0.04:
            before.append(Node(discourse.topic.adjectives[noun_class].pick(draw()).positive, "amod"))
    elif shape < 0.42 and not person:
        other = ("material", "event", "idea", "device")[int(draw() * 4)]
        before.append(Node(discourse.topic.nouns[other].pick(draw()).singular, "compound"))
    elif shape < 0.45:
        verb = discourse.topic.verbs[noun_class].pick(draw())
        if verb.particle is None:
            before.append(Node(verb.modifier, "amod"))
    plural = False
    if noun.plural is None:
        form = noun.singular
        determiner = _determiner(discourse, MASS_DETERMINERS.pick(draw()), before, form)
    elif draw() < 0.3:
        plural = True
        form = noun.plural
        determiner = _determiner(discourse, PLURAL_DETERMINERS.pick(draw()), before, form)
    else:
        form = noun.singular
        determiner = _determiner(discourse, SINGULAR_DETERMINERS.pick(draw()), before, form)
    if determiner is not None:
        before.insert(0, determiner)
    pronoun = "they" if plural else (("he", "she")[int(draw() * 2)] if person else "it")
    if room > 0:
        shape = draw()
        if shape < 0.2:
            preposition, other = discourse.language.complements[noun_class].pick(draw())
            complement = noun_phrase(discourse, other, "nmod", room - 1, relative)
            after.append(prepositional(preposition, complement.node))
        elif shape < 0.28 and relative is not None:
            after.append(relative(discourse, noun_class, plural, room - 1))
        elif shape < 0.33:
            second = noun_phrase(discourse, noun_class, "conj", 0).node
            joined = Node(
                second.form, "conj", [Node(CONJUNCTIONS["and" if draw() < 0.85 else "or"], "cc"), *second.before],
                second.after,
            )  # fmt: skip
            after.append(joined)
            plural, pronoun = True, "they"
        elif shape < 0.36 and (person or noun_class == "group"):
            name = discourse.name("PER" if person else "ORG").node("appos")
            comma = PUNCTUATION[","]
            after.append(
                Node(name.form, "appos", [Node(comma, "punct"), *name.before], [*name.after, Node(comma, "punct")])
            )
        elif shape < 0.37:
            name = discourse.name("LOC").node("appos")
            left, right = Node(PUNCTUATION["("], "punct"), Node(PUNCTUATION[")"], "punct")
            after.append(Node(name.form, "appos", [left, *name.before], [*name.after, right]))
    return Phrase(Node(form, relation, before, after), plural, pronoun)


def percentage(discourse: Discourse, noun_class: str, relation: str) -> Phrase:
    """Return ``40 % of the ...``."""
    draw = discourse.draw
    noun = discourse.topic.nouns[noun_class].pick(draw())
    whole = Node(
        noun.plural or noun.singular, "nmod", [Node(PREPOSITIONS["of"], "case"), Node(DETERMINERS["the"], "det")]
    )
    number = Node(COUNTS[int(draw() * 6)], "nummod")
    return Phrase(Node(SYMBOLS["%"], relation, [number], [whole]), True, "they")


def subject(discourse: Discourse, noun_class: str, room: int, relative: Relative | None) -> Phrase:
    """Return a subject: the pronoun of what is in focus, a generic pronoun, or a noun phrase."""
    draw = discourse.draw
    chance = draw()
    if noun_class in PERSONS:
        if chance < 0.26 and discourse.focus in ("he", "she", "they"):
            key = discourse.focus
            return Phrase(Node(SUBJECT_PRONOUNS[key], "nsubj"), key == "they", key)
        if chance < 0.36:
            key = GENERIC_SUBJECTS[int(draw() * 4)]
            return Phrase(Node(SUBJECT_PRONOUNS[key], "nsubj"), key != "i", key)
    elif chance < 0.1:
        return Phrase(Node(SUBJECT_PRONOUNS["it"], "nsubj"), False, "it")
    elif chance < 0.12:
        return percentage(discourse, noun_class, "nsubj")
    return noun_phrase(discourse, noun_class, "nsubj", room, relative)


def object_phrase(discourse: Discourse, noun_class: str, relation: str, room: int, relative: Relative | None) -> Node:
    """Return an object: now and then a pronoun, else a noun phrase."""
    draw = discourse.draw
    if draw() < 0.1:
        if noun_class in PERSONS:
            key = ("he", "she", "they", "i", "we", "you")[int(draw() * 6)]
        else:
            key = "it" if draw() < 0.7 else "they"
        return Node(OBJECT_PRONOUNS[key], relation)
    return noun_phrase(discourse, noun_class, relation, room, relative).node
