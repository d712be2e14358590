"""Sentence pairs whose label follows from what the sentences say.

A statement says of a subject that it did something to an object, with restrictions (attributes of the object,
adjuncts), or denies it. One event is spoken of, so that a verb excludes its opposite. A statement *covers* another
of the same subject and verb if its object is the same noun or the word for its kind, and its restrictions are
among the other's. Then:

- a premise that affirms S entails every affirmed statement that covers S, and contradicts its denial;
- a premise that denies S entails the denial of every statement that S covers, and contradicts its affirmation;
- a premise that affirms S contradicts the affirmed opposite about the same kind of object, and entails its denial;
- everything else is neutral.

The hypothesis is drawn before the label, and the premise is then made to fit both: nothing in the hypothesis alone
can tell the label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from data_prep.toy.classes import PERSONS
from data_prep.toy.discourse import Discourse
from data_prep.toy.forms import Form
from data_prep.toy.function_words import DETERMINERS, DO, NOT, PREPOSITIONS, PUNCTUATION, WEEKDAYS
from data_prep.toy.morphology import article
from data_prep.toy.names import Name
from data_prep.toy.tables import Table, table_of
from data_prep.toy.trees import Node
from data_prep.toy.verb_groups import be_form
from data_prep.toy.words import Noun, Verb

LABELS = ("entailment", "neutral", "contradiction")
ENTAILMENT, NEUTRAL, CONTRADICTION = LABELS
PASSIVE_RATE = 0.15
FRONTED_RATE = 0.2
KIND_RATE = 0.4

Participant = Name | Noun


@dataclass(frozen=True)
class Restriction:
    """An attribute of the object (no preposition, an adjective) or an adjunct of the clause."""

    preposition: str
    head: Form | Name | Noun


@dataclass(frozen=True)
class Statement:
    """Who did or did not do what to whom, and under which restrictions."""

    subject: Participant
    verb: Verb
    object: Participant
    restrictions: frozenset[Restriction]
    negated: bool


def _is_kind_of(specific: Participant, general: Participant) -> bool:
    return specific is general or (isinstance(specific, Noun) and specific.kind is general)


def covers(general: Statement, specific: Statement) -> bool:
    """Tell whether ``general``, affirmed, is true whenever ``specific``, affirmed, is."""
    return (
        general.subject is specific.subject
        and general.verb is specific.verb
        and _is_kind_of(specific.object, general.object)
        and general.restrictions <= specific.restrictions
    )


def label_of(premise: Statement, hypothesis: Statement) -> str:
    """Return what ``premise`` says about ``hypothesis``: one of LABELS."""
    if hypothesis.subject is premise.subject and hypothesis.verb is premise.verb.opposite:
        comparable = _is_kind_of(premise.object, hypothesis.object) or _is_kind_of(hypothesis.object, premise.object)
        if premise.negated or not comparable:
            return NEUTRAL
        return ENTAILMENT if hypothesis.negated else CONTRADICTION
    if premise.negated:
        related = covers(premise, hypothesis)
    else:
        related = covers(hypothesis, premise)
    if not related:
        return NEUTRAL
    return ENTAILMENT if premise.negated == hypothesis.negated else CONTRADICTION


class PairMaker:
    """Draws hypotheses and fits premises to them, inside one discourse."""

    def __init__(self, discourse: Discourse) -> None:
        """Take topic, names and randomness from ``discourse``."""
        self._discourse = discourse
        self._draw = discourse.draw

    def pair(self) -> tuple[Statement, Statement, str]:
        """Return premise, hypothesis and label."""
        hypothesis = self._hypothesis()
        label = LABELS[int(self._draw() * 3)]
        while True:
            premise = self._premise(hypothesis, label)
            if premise is not None and label_of(premise, hypothesis) == label:
                return premise, hypothesis, label

    def _hypothesis(self) -> Statement:
        draw = self._draw
        statement = Statement(self._subject(), *self._event(), frozenset(), draw() < 0.5)
        for _ in range(_COUNTS.pick(draw())):
            statement = self._restricted(statement)
        return statement

    def _subject(self) -> Participant:
        draw = self._draw
        if draw() < 0.4:
            return self._discourse.name("PER")
        return self._discourse.topic.nouns[PERSONS[int(draw() * 4)]].pick(draw())

    def _event(self) -> tuple[Verb, Noun]:
        draw = self._draw
        topic = self._discourse.topic
        table = topic.verbs[PERSONS[int(draw() * 4)]]
        while True:
            verb = table.pick(draw())
            if verb.frame == "object" and verb.objects is not None and verb.opposite is not None:
                noun = topic.nouns[verb.objects.pick(draw())].pick(draw())
                return verb, noun.kind if noun.kind is not None and draw() < KIND_RATE else noun

    def _restricted(self, statement: Statement) -> Statement:
        """Return ``statement`` with one more restriction."""
        draw = self._draw
        discourse = self._discourse
        shape = draw()
        if shape < 0.45 and isinstance(statement.object, Noun):
            adjective = discourse.topic.adjectives[statement.object.noun_class].pick(draw())
            new = Restriction("", adjective.positive)
        elif shape < 0.6:
            new = Restriction("on", WEEKDAYS[int(draw() * 7)])
        elif shape < 0.75:
            new = Restriction("in", discourse.name("LOC"))
        elif shape < 0.9:
            new = Restriction("with", discourse.topic.nouns["tool"].pick(draw()))
        else:
            new = Restriction("", discourse.language.manner.pick(draw()))
        kinds = {(old.preposition, _part_of_speech(old)) for old in statement.restrictions}
        if (new.preposition, _part_of_speech(new)) in kinds:
            return statement
        return replace(statement, restrictions=statement.restrictions | {new})

    def _narrowed(self, statement: Statement) -> Statement:
        """Return a statement that ``statement`` covers."""
        draw = self._draw
        out = statement
        if isinstance(out.object, Noun) and out.object.kind is None and draw() < 0.7:
            noun = self._discourse.topic.nouns[out.object.noun_class].pick(draw())
            out = replace(out, object=noun)
        for _ in range(_ADDED.pick(draw())):
            out = self._restricted(out)
        return out

    def _widened(self, statement: Statement) -> Statement:
        """Return a statement that covers ``statement``."""
        draw = self._draw
        out = statement
        if isinstance(out.object, Noun) and out.object.kind is not None and draw() < 0.5:
            out = replace(out, object=out.object.kind)
        ordered = sorted(out.restrictions, key=_sort_key)
        return replace(out, restrictions=frozenset(one for one in ordered if draw() < 0.35))

    def _changed(self, statement: Statement) -> Statement:
        """Return a statement about another subject, event or object."""
        draw = self._draw
        chance = draw()
        if chance < 0.25:
            return replace(statement, subject=self._subject())
        if chance < 0.5:
            noun = self._discourse.topic.nouns[_class_of(statement.object)].pick(draw())
            return replace(statement, object=noun)
        verb, noun = self._event()
        return replace(statement, verb=verb, object=noun)

    def _premise(self, hypothesis: Statement, label: str) -> Statement | None:
        draw = self._draw
        if label == NEUTRAL:
            chance = draw()
            negated = draw() < 0.5
            if chance < 0.4:
                other = self._changed(hypothesis)
                return replace(self._narrowed(other) if draw() < 0.5 else other, negated=negated)
            if chance < 0.5:
                return replace(hypothesis, subject=hypothesis.object, object=hypothesis.subject, negated=negated)
            fitted = self._narrowed(hypothesis) if negated else self._widened(hypothesis)
            return replace(fitted, negated=negated)
        affirmed = hypothesis.negated == (label == CONTRADICTION)
        if hypothesis.negated == (label == ENTAILMENT) and draw() < 0.3:
            verb = hypothesis.verb.opposite
            assert verb is not None
            return replace(self._narrowed(hypothesis), verb=verb, negated=False)
        if affirmed:
            return replace(self._narrowed(hypothesis), negated=False)
        return replace(self._widened(hypothesis), negated=True)


_COUNTS: Table[int] = table_of({0: 2.0, 1: 4.0, 2: 2.0})
_ADDED: Table[int] = table_of({0: 1.5, 1: 4.0, 2: 3.0})


def _class_of(participant: Participant) -> str:
    return participant.noun_class if isinstance(participant, Noun) else "worker"


def _part_of_speech(restriction: Restriction) -> str:
    return restriction.head.upos if isinstance(restriction.head, Form) else ""


def _sort_key(restriction: Restriction) -> tuple[str, str]:
    head = restriction.head
    text = head.text if isinstance(head, Form) else head.lemma if isinstance(head, Noun) else head.head.text
    return restriction.preposition, text


def _participant_node(participant: Participant, relation: str, attributes: list[Node]) -> Node:
    if isinstance(participant, Name):
        return participant.node(relation)
    if participant.noun_class in PERSONS:
        determiner = "the"
    elif participant.plural is None:
        determiner = "some"
    else:
        determiner = article(attributes[0].form.text if attributes else participant.singular.text)
    return Node(participant.singular, relation, [Node(DETERMINERS[determiner], "det"), *attributes])


def _adjunct_node(restriction: Restriction) -> Node:
    head = restriction.head
    if isinstance(head, Form) and head.upos == "ADV":
        return Node(head, "advmod")
    if isinstance(head, Form):
        node = Node(head, "obl")
    else:
        node = _participant_node(head, "obl", [])
    return Node(node.form, "obl", [Node(PREPOSITIONS[restriction.preposition], "case"), *node.before], node.after)


def render(statement: Statement, discourse: Discourse) -> Node:
    """Return a sentence that says ``statement``; voice and order of adjuncts are free and carry no meaning."""
    draw = discourse.draw
    verb = statement.verb
    restrictions = sorted(statement.restrictions, key=_sort_key)
    attributes = [
        Node(one.head, "amod") for one in restrictions if isinstance(one.head, Form) and one.head.upos == "ADJ"
    ]
    adjuncts = [_adjunct_node(one) for one in restrictions if _part_of_speech(one) != "ADJ"]
    opening: list[Node] = []
    if adjuncts and draw() < FRONTED_RATE:
        first = adjuncts.pop(0)
        comma = Node(PUNCTUATION[","], "punct")
        opening = [Node(first.form, first.relation, first.before, [*first.after, comma])]
    negation = [Node(NOT, "advmod")] if statement.negated else []
    stop = Node(PUNCTUATION["."], "punct")
    if draw() < PASSIVE_RATE:
        undergoer = _participant_node(statement.object, "nsubj:pass", attributes)
        doer = _participant_node(statement.subject, "obl:agent", [])
        agent = Node(doer.form, "obl:agent", [Node(PREPOSITIONS["by"], "case"), *doer.before], doer.after)
        auxiliary = Node(be_form(True, False), "aux:pass")
        before = [*opening, undergoer, auxiliary, *negation]
        return Node(verb.participle, "root", before, [agent, *adjuncts, stop])
    doer = _participant_node(statement.subject, "nsubj", [])
    undergoer = _participant_node(statement.object, "obj", attributes)
    if statement.negated:
        before = [*opening, doer, Node(DO["past"], "aux"), *negation]
        return Node(verb.base, "root", before, [undergoer, *adjuncts, stop])
    return Node(verb.past, "root", [*opening, doer], [undergoer, *adjuncts, stop])
