"""Clauses: a subject, a verb that suits it, what the verb asks for, and free adjuncts."""

from __future__ import annotations

from data_prep.toy.classes import PERSONS, PLACES
from data_prep.toy.discourse import Discourse
from data_prep.toy.function_words import (
    BE,
    BE_VERB,
    CONJUNCTIONS,
    EARLY,
    LAST,
    MONTHS,
    NEXT,
    NOT,
    PREPOSITIONS,
    PUNCTUATION,
    RELATIVES,
    SUBORDINATORS,
    THERE,
    TIME_UNITS,
    TO,
    WEEKDAYS,
    YEARS,
)
from data_prep.toy.noun_phrases import (
    Phrase,
    adjective_node,
    noun_phrase,
    object_phrase,
    prepositional,
    subject,
)
from data_prep.toy.tables import table_of
from data_prep.toy.trees import Node
from data_prep.toy.verb_groups import be_key, verb_group
from data_prep.toy.words import Verb

PLACE_TABLE = table_of(PLACES)
REASONS = table_of(
    {"because": 5, "when": 6, "while": 4, "if": 4, "although": 3, "after": 3, "before": 2, "since": 2, "until": 1.5}
)
COPULAR_RATE = 0.11
EXISTENTIAL_RATE = 0.03
PASSIVE_RATE = 0.13
PASSIVE_FRAMES = ("object", "particle", "transport")
EARLY_FORMS = list(EARLY.values())


def time_adjunct(discourse: Discourse) -> Node:
    """Return ``on Monday``, ``in 1987``, ``in May``, ``last week``, ``early``."""
    draw = discourse.draw
    shape = draw()
    if shape < 0.3:
        return Node(WEEKDAYS[int(draw() * 7)], "obl", [Node(PREPOSITIONS["on"], "case")])
    if shape < 0.6:
        year = YEARS[int(draw() * draw() * len(YEARS))]
        return Node(year, "obl", [Node(PREPOSITIONS["in"], "case")])
    if shape < 0.75:
        return Node(MONTHS[int(draw() * 12)], "obl", [Node(PREPOSITIONS["in"], "case")])
    if shape < 0.92:
        modifier = Node(LAST if discourse.past else NEXT, "amod")
        return Node(TIME_UNITS[int(draw() * len(TIME_UNITS))], "obl:tmod", [modifier])
    return Node(EARLY_FORMS[int(draw() * 3)], "advmod")


def adjunct(discourse: Discourse, room: int) -> Node:
    """Return a free adjunct: a place, a time, a manner adverb, an instrument and so on."""
    draw = discourse.draw
    shape = draw()
    if shape < 0.26:
        return time_adjunct(discourse)
    if shape < 0.42:
        return Node(discourse.language.manner.pick(draw()), "advmod")
    preposition, noun_class = discourse.language.adjuncts.pick(draw())
    return prepositional(preposition, noun_phrase(discourse, noun_class, "obl", room, relative_clause).node)


def complements(discourse: Discourse, verb: Verb, room: int, passive: bool = False) -> list[Node]:
    """Return what ``verb`` asks for after it, in order; a passive lacks its object."""
    draw = discourse.draw
    frame = verb.frame
    out: list[Node] = []
    if verb.particle is not None:
        out.append(Node(verb.particle, "compound:prt"))
    if verb.objects is not None and not passive and frame not in ("oblique", "motion", "occurrence"):
        out.append(object_phrase(discourse, verb.objects.pick(draw()), "obj", room, relative_clause))
    if frame == "motion" or frame == "transport":
        if draw() < (0.8 if frame == "motion" else 0.45):
            place = PLACE_TABLE.pick(draw())
            out.append(
                prepositional(verb.preposition, noun_phrase(discourse, place, "obl", room - 1, relative_clause).node)
            )
    elif frame == "oblique":
        assert verb.objects is not None
        noun_class = verb.objects.pick(draw())
        out.append(prepositional(verb.preposition, object_phrase(discourse, noun_class, "obl", room, relative_clause)))
    elif frame == "transfer" and not passive:
        receiver = PERSONS[int(draw() * 4)]
        if draw() < 0.4:
            out.insert(0, object_phrase(discourse, receiver, "iobj", 0, None))
        else:
            out.append(prepositional("to", object_phrase(discourse, receiver, "obl", 0, None)))
    elif frame == "occurrence" and draw() < 0.6:
        assert verb.objects is not None
        place = verb.objects.pick(draw())
        out.append(
            prepositional(verb.preposition, noun_phrase(discourse, place, "obl", room - 1, relative_clause).node)
        )
    elif frame == "statement":
        mark = [Node(SUBORDINATORS["that"], "mark")] if draw() < 0.8 else []
        out.append(clause(discourse, "ccomp", max(room - 1, 0), opening=mark))
    elif frame == "intention":
        out.append(infinitive(discourse, "xcomp", room))
    return out


def infinitive(discourse: Discourse, relation: str, room: int) -> Node:
    """Return ``to VERB ...`` with an understood personal subject."""
    verb = _verb_of(discourse, PERSONS[int(discourse.draw() * 4)], nested=True)
    return Node(verb.base, relation, [Node(TO, "mark")], complements(discourse, verb, max(room - 1, 0)))


def participial(discourse: Discourse, relation: str) -> Node:
    """Return ``VERB-ing ...`` with an understood personal subject."""
    verb = _verb_of(discourse, PERSONS[int(discourse.draw() * 4)], nested=True)
    return Node(verb.gerund, relation, (), complements(discourse, verb, 0))


def _verb_of(discourse: Discourse, noun_class: str, nested: bool) -> Verb:
    """Return a verb that suits a subject of ``noun_class``; a nested clause takes no further clause."""
    table = discourse.topic.verbs[noun_class]
    verb = table.pick(discourse.draw())
    while nested and verb.frame in ("statement", "intention"):
        verb = table.pick(discourse.draw())
    return verb


def relative_clause(discourse: Discourse, noun_class: str, plural: bool, room: int) -> Node:
    """Return a relative clause on a noun of ``noun_class``: on the subject, on the object, or reduced."""
    draw = discourse.draw
    person = noun_class in PERSONS
    shape = draw()
    if shape < 0.16:  # reduced: "the tool made by ..."
        verb = discourse.topic.verbs["worker"].pick(draw())
        if verb.frame == "object":
            agent = noun_phrase(discourse, PERSONS[int(draw() * 4)], "obl:agent", 0).node
            return Node(verb.participle, "acl", (), [prepositional("by", agent)])
    if shape < 0.75:
        verb = _verb_of(discourse, noun_class, nested=True)
        group = verb_group(discourse, verb, plural, "it")
        pronoun = RELATIVES["who" if person else "which" if draw() < 0.4 else "that"]
        return Node(
            group.form, "acl:relcl", [Node(pronoun, "nsubj"), *group.before], complements(discourse, verb, min(room, 1))
        )
    doer = PERSONS[int(draw() * 4)]
    table = discourse.topic.verbs[doer]
    for _ in range(8):
        verb = table.pick(draw())
        if verb.frame == "object" and verb.objects is not None and noun_class in verb.objects.items:
            phrase = subject(discourse, doer, 0, None)
            group = verb_group(discourse, verb, phrase.plural, phrase.pronoun)
            pronoun = RELATIVES["who" if person else "that"]
            return Node(group.form, "acl:relcl", [Node(pronoun, "obj"), phrase.node, *group.before])
    verb = _verb_of(discourse, noun_class, nested=True)
    return Node(verb.gerund, "acl", (), complements(discourse, verb, 0))


def _copular(discourse: Discourse, relation: str, noun_class: str, phrase: Phrase, opening: list[Node]) -> Node:
    """Return ``NP is ADJ``, ``NP is a NOUN`` or ``NP is PREP NP``."""
    draw = discourse.draw
    past = discourse.past if draw() < 0.92 else not discourse.past
    before = [*opening, phrase.node, Node(BE[be_key(past, phrase.plural, phrase.pronoun == "i")], "cop")]
    if draw() < 0.08:
        before.append(Node(NOT, "advmod"))
    shape = draw()
    if shape < 0.6:
        predicate = adjective_node(discourse, noun_class, relation)
        return Node(predicate.form, relation, before + list(predicate.before))
    if shape < 0.85 and not phrase.plural:
        noun = noun_phrase(discourse, noun_class, relation, 1)
        if not noun.plural:
            return Node(noun.node.form, relation, before + list(noun.node.before), noun.node.after)
    preposition, place = discourse.language.adjuncts.pick(draw())
    node = noun_phrase(discourse, place, relation, 0).node
    return Node(node.form, relation, [*before, Node(PREPOSITIONS[preposition], "case"), *node.before], node.after)


def _existential(discourse: Discourse, relation: str, room: int, opening: list[Node]) -> Node:
    draw = discourse.draw
    noun_class = discourse.topic.subjects.pick(draw())
    phrase = noun_phrase(discourse, noun_class, "nsubj", room, relative_clause)
    place = prepositional("in", noun_phrase(discourse, PLACE_TABLE.pick(draw()), "obl", 0).node)
    return Node(
        BE_VERB[be_key(discourse.past, phrase.plural)], relation, [*opening, Node(THERE, "expl")], [phrase.node, place]
    )


def clause(discourse: Discourse, relation: str, room: int, opening: list[Node] | None = None) -> Node:
    """Return a finite clause.

    Args:
        discourse: the document so far; the subject becomes its focus.
        relation: relation of the clause to its head.
        room: how much may nest below it; larger means longer.
        opening: nodes in front of the subject (a mark, an opener with its comma).
    """
    draw = discourse.draw
    opening = opening or []
    chance = draw()
    if chance < EXISTENTIAL_RATE:
        return _existential(discourse, relation, room, opening)
    noun_class = discourse.topic.subjects.pick(draw())
    if chance < EXISTENTIAL_RATE + COPULAR_RATE:
        phrase = subject(discourse, noun_class, min(room, 1), relative_clause)
        return _copular(discourse, relation, noun_class, phrase, opening)
    verb = _verb_of(discourse, noun_class, nested=room == 0)
    passive = verb.frame in PASSIVE_FRAMES and draw() < PASSIVE_RATE
    if passive:
        assert verb.objects is not None
        undergoer = verb.objects.pick(draw())
        phrase = noun_phrase(discourse, undergoer, "nsubj:pass", room - 1, relative_clause)
    else:
        phrase = subject(discourse, noun_class, room - 1, relative_clause)
    group = verb_group(discourse, verb, phrase.plural, phrase.pronoun, passive)
    before = [*opening, phrase.node, *group.before]
    after = complements(discourse, verb, room - 1, passive)
    if passive and draw() < 0.5:
        agent = noun_phrase(discourse, noun_class, "obl:agent", 0).node
        after.append(prepositional("by", agent))
    if not (after and after[-1].relation in ("ccomp", "xcomp")):
        if draw() < 0.6:
            after.append(adjunct(discourse, room - 1))
        if room > 1 and draw() < 0.4:
            after.append(adjunct(discourse, 0))
    discourse.focus = phrase.pronoun if phrase.pronoun in ("he", "she", "it", "they") else ""
    node = Node(group.form, relation, before, after)
    if room > 0 and draw() < 0.07:
        after.append(_second_predicate(discourse, noun_class, phrase))
    return node


def _second_predicate(discourse: Discourse, noun_class: str, phrase: Phrase) -> Node:
    """Return ``and VERB ...`` that shares the subject."""
    verb = _verb_of(discourse, noun_class, nested=True)
    group = verb_group(discourse, verb, phrase.plural, phrase.pronoun, negated=False)
    return Node(group.form, "conj", [Node(CONJUNCTIONS["and"], "cc"), *group.before], complements(discourse, verb, 0))


def subordinate(discourse: Discourse, room: int, comma: bool = False) -> Node:
    """Return an adverbial clause; ``comma`` closes it, for one that opens a sentence."""
    draw = discourse.draw
    chance = draw()
    if chance < 0.72:
        node = clause(discourse, "advcl", room, [Node(SUBORDINATORS[REASONS.pick(draw())], "mark")])
    elif chance < 0.86:
        node = infinitive(discourse, "advcl", room)
    else:
        node = participial(discourse, "advcl")
    if comma:
        return Node(node.form, node.relation, node.before, [*node.after, Node(PUNCTUATION[","], "punct")])
    return node
