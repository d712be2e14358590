"""Pairs of statements for NLI.

The hypothesis is drawn before the label, and the premise is then made to fit both: nothing in the hypothesis alone
can tell the label.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from data_prep.toy.classes import PERSONS
from data_prep.toy.discourse import Discourse
from data_prep.toy.function_words import WEEKDAYS
from data_prep.toy.inference import (
    CONTRADICTION,
    ENTAILMENT,
    LABELS,
    NEUTRAL,
    Participant,
    Restriction,
    Statement,
    label_of,
)
from data_prep.toy.tables import Table
from data_prep.toy.words import Noun, Verb

KIND_RATE = 0.4
RESTRICTIONS = Table([0, 1, 2], [2, 4, 2])
ADDITIONS = Table([0, 1, 2], [1.5, 4, 3])
SORT_KEY = attrgetter("sort_key")


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
        for _ in range(RESTRICTIONS.pick(draw())):
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
        if new.category in {old.category for old in statement.restrictions}:
            return statement
        return replace(statement, restrictions=statement.restrictions | {new})

    def _narrowed(self, statement: Statement) -> Statement:
        """Return a statement that ``statement`` covers."""
        draw = self._draw
        out = statement
        if isinstance(out.object, Noun) and out.object.kind is None and draw() < 0.7:
            noun = self._discourse.topic.nouns[out.object.noun_class].pick(draw())
            out = replace(out, object=noun)
        for _ in range(ADDITIONS.pick(draw())):
            out = self._restricted(out)
        return out

    def _widened(self, statement: Statement) -> Statement:
        """Return a statement that covers ``statement``."""
        draw = self._draw
        out = statement
        if isinstance(out.object, Noun) and out.object.kind is not None and draw() < 0.5:
            out = replace(out, object=out.object.kind)
        ordered = sorted(out.restrictions, key=SORT_KEY)
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


def _class_of(participant: Participant) -> str:
    return participant.noun_class if isinstance(participant, Noun) else "worker"
