"""Pairs of statements for NLI, whose labels follow from what the statements mean.

A statement says of a subject that it did something to an object, with restrictions (attributes of the object,
adjuncts), or denies it. One event is spoken of, so that a verb excludes its opposite. A statement *covers* another of
the same subject and verb if its object is the same noun or the word for its kind, and its restrictions are among the
other's. Then:

- a premise that affirms S entails every affirmed statement that covers S, and contradicts its denial;
- a premise that denies S entails the denial of every statement that S covers, and contradicts its affirmation;
- a premise that affirms S contradicts the affirmed opposite about the same kind of object, and entails its denial;
- everything else is neutral.

The premise is made to fit hypothesis and label, which are drawn first: nothing in the hypothesis alone tells the label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from .grammar import Discourse
from .language import PERSONS, Word
from .names import Name
from .trees import Node
from .words import CLOSED, Form, one_of, table

LABELS = ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
FEW, SOME = table("0:2 1:4 2:2"), table("0:1.5 1:4 2:3")


class Restriction(NamedTuple):
    """An attribute of the object, an adverb or an adjunct; a statement holds one of each preposition and relation."""

    preposition: str
    relation: str
    text: str
    head: Form | Name | Word


@dataclass(frozen=True)
class Statement:
    """Who did or did not do what to whom, and under which restrictions."""

    subject: Name | Word
    verb: Word
    object: Name | Word
    negated: bool
    restrictions: frozenset[Restriction] = frozenset()

    @property
    def ordered(self) -> list[Restriction]:
        """The restrictions in an order that is the same in every process."""
        return sorted(self.restrictions, key=lambda one: one[:3])


def _is_kind_of(specific: Name | Word, general: Name | Word) -> bool:
    return specific is general or (isinstance(specific, Word) and specific.kind is general)


def covers(general: Statement, specific: Statement) -> bool:
    """Tell whether ``general``, affirmed, is true whenever ``specific``, affirmed, is."""
    same = general.subject is specific.subject and general.verb is specific.verb
    return same and _is_kind_of(specific.object, general.object) and general.restrictions <= specific.restrictions


def label_of(premise: Statement, hypothesis: Statement) -> str:
    """Return what ``premise`` says about ``hypothesis``: one of LABELS."""
    if hypothesis.subject is premise.subject and hypothesis.verb is premise.verb.opposite:
        objects = premise.object, hypothesis.object
        if premise.negated or not (_is_kind_of(*objects) or _is_kind_of(*objects[::-1])):
            return NEUTRAL
        return ENTAILMENT if hypothesis.negated else CONTRADICTION
    if not (covers(premise, hypothesis) if premise.negated else covers(hypothesis, premise)):
        return NEUTRAL
    return ENTAILMENT if premise.negated == hypothesis.negated else CONTRADICTION


class PairMaker:
    """Draws hypotheses, fits premises to them, and says both, inside one discourse."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse
        self._draw = discourse.draw

    def pair(self) -> tuple[Node, Node, str]:
        """Return the sentences of premise and hypothesis, and the label."""
        hypothesis = Statement(self._subject(), *self._event(), self._draw() < 0.5)
        hypothesis = self._restricted(hypothesis, int(FEW.pick(self._draw)))
        label = one_of(LABELS, self._draw)
        while label_of(premise := self._premise(hypothesis, label), hypothesis) != label:
            pass
        return self.say(premise), self.say(hypothesis), label

    def _noun(self, category: str) -> Word:
        return self._discourse.topic.nouns[category].pick(self._draw)

    def _subject(self) -> Name | Word:
        return self._discourse.name("PER") if self._draw() < 0.4 else self._noun(self._discourse.person())

    def _event(self) -> tuple[Word, Word]:
        while True:
            verb = self._discourse.topic.verbs[self._discourse.person()].pick(self._draw)
            if verb.frame == ("obj",) and verb.objects and verb.opposite:
                noun = self._noun(verb.objects.pick(self._draw))
                return verb, noun.kind if noun.kind and self._draw() < 0.4 else noun

    def _restricted(self, statement: Statement, times: int) -> Statement:
        """Return ``statement`` with up to so many more restrictions."""
        for _ in range(times):
            shape, held = self._draw(), statement.restrictions
            if shape < 0.45 and isinstance(statement.object, Word):
                word = self._discourse.topic.adjectives[statement.object.category].pick(self._draw)
                new = Restriction("", "amod", word.lemma, word.forms["positive"])
            elif shape < 0.6:
                day = one_of(list(CLOSED["weekday"].values()), self._draw)
                new = Restriction("on", "obl", day.text, day)
            elif shape < 0.75:
                name = self._discourse.name("LOC")
                new = Restriction("in", "obl", name.tree.form.text, name)
            elif shape < 0.9:
                tool = self._noun("tool")
                new = Restriction("with", "obl", tool.lemma, tool)
            else:
                adverb = self._discourse.language.manner.pick(self._draw)
                new = Restriction("", "advmod", adverb.text, adverb)
            if new[:2] not in {old[:2] for old in held}:
                statement = replace(statement, restrictions=held | {new})
        return statement

    def _narrowed(self, statement: Statement) -> Statement:
        """Return a statement that ``statement`` covers."""
        held = statement.object
        if isinstance(held, Word) and held.kind is None and self._draw() < 0.7:
            statement = replace(statement, object=self._noun(held.category))
        return self._restricted(statement, int(SOME.pick(self._draw)))

    def _widened(self, statement: Statement) -> Statement:
        """Return a statement that covers ``statement``."""
        held = statement.object
        if isinstance(held, Word) and held.kind and self._draw() < 0.5:
            statement = replace(statement, object=held.kind)
        return replace(statement, restrictions=frozenset(one for one in statement.ordered if self._draw() < 0.35))

    def _changed(self, statement: Statement) -> Statement:
        """Return a statement about another subject, event or object."""
        chance, held = self._draw(), statement.object
        if chance < 0.25:
            return replace(statement, subject=self._subject())
        if chance < 0.5:
            return replace(statement, object=self._noun(held.category if isinstance(held, Word) else "worker"))
        verb, noun = self._event()
        return replace(statement, verb=verb, object=noun)

    def _premise(self, hypothesis: Statement, label: str) -> Statement:
        chance, negated = self._draw(), self._draw() < 0.5
        if label == NEUTRAL:
            if chance < 0.4:
                other = self._changed(hypothesis)
                other = self._narrowed(other) if chance < 0.2 else other
            elif chance < 0.5:
                other = replace(hypothesis, subject=hypothesis.object, object=hypothesis.subject)
            else:
                other = self._narrowed(hypothesis) if negated else self._widened(hypothesis)
            return replace(other, negated=negated)
        if hypothesis.negated == (label == ENTAILMENT) and hypothesis.verb.opposite and chance < 0.3:
            return replace(self._narrowed(hypothesis), verb=hypothesis.verb.opposite, negated=False)
        if hypothesis.negated == (label == CONTRADICTION):
            return replace(self._narrowed(hypothesis), negated=False)
        return replace(self._widened(hypothesis), negated=True)

    def _participant(self, who: Form | Name | Word, relation: str, attributes: list[Node]) -> Node:
        if isinstance(who, Form):
            return Node(who, relation)
        if isinstance(who, Name):
            return who.node(relation)
        node = Node(who.forms["singular"], relation, attributes)
        article = "some" if "plural" not in who.forms else "an" if node.first[0] in "aeiou" else "a"
        return node.opened("the" if who.category in PERSONS else article, "det")

    def say(self, statement: Statement) -> Node:
        """Return a sentence for a statement; voice and order of adjuncts are free and carry no meaning."""
        parts: dict[bool, list[Node]] = {True: [], False: []}
        for preposition, relation, _, head in statement.ordered:
            node = self._participant(head, relation, [])
            parts[relation == "amod"].append(node.opened(preposition, "case") if preposition else node)
        attributes, adjuncts = parts[True], parts[False]
        before = [adjuncts.pop(0).closed(",")] if adjuncts and self._draw() < 0.2 else []
        passive, forms = self._draw() < 0.15, statement.verb.forms
        undergoer = self._participant(statement.object, "nsubj:pass" if passive else "obj", attributes)
        doer = self._participant(statement.subject, "obl:agent" if passive else "nsubj", [])
        before.append(undergoer if passive else doer)
        if passive or statement.negated:
            auxiliary = ("be", "aux:pass") if passive else ("do", "aux")
            before.append(Node(CLOSED[auxiliary[0]]["past"], auxiliary[1]))
        if statement.negated:
            before.append(self._discourse.word("not", "advmod"))
        form = "participle" if passive else "base" if statement.negated else "past"
        after = doer.opened("by", "case") if passive else undergoer
        return Node(forms[form], "root", before, [after, *adjuncts]).closed(".")
