"""What one statement says about another: the meaning that NLI labels follow from.

A statement says of a subject that it did something to an object, with restrictions (attributes of the object,
adjuncts), or denies it. One event is spoken of, so that a verb excludes its opposite. A statement *covers* another
of the same subject and verb if its object is the same noun or the word for its kind, and its restrictions are
among the other's. Then:

- a premise that affirms S entails every affirmed statement that covers S, and contradicts its denial;
- a premise that denies S entails the denial of every statement that S covers, and contradicts its affirmation;
- a premise that affirms S contradicts the affirmed opposite about the same kind of object, and entails its denial;
- everything else is neutral.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_prep.toy.forms import Form
from data_prep.toy.names import Name
from data_prep.toy.words import Noun, Verb

LABELS = ("entailment", "neutral", "contradiction")
ENTAILMENT, NEUTRAL, CONTRADICTION = LABELS

Participant = Name | Noun


@dataclass(frozen=True)
class Restriction:
    """An attribute of the object (no preposition, an adjective) or an adjunct of the clause."""

    preposition: str
    head: Form | Name | Noun

    @property
    def category(self) -> tuple[str, str]:
        """What kind of restriction it is; a statement holds one of each."""
        return self.preposition, self.head.upos if isinstance(self.head, Form) else ""

    @property
    def sort_key(self) -> tuple[str, str]:
        """A fixed order of restrictions, the same in every process."""
        head = self.head
        text = head.text if isinstance(head, Form) else head.lemma if isinstance(head, Noun) else head.head.text
        return self.preposition, text


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
    related = covers(premise, hypothesis) if premise.negated else covers(hypothesis, premise)
    if not related:
        return NEUTRAL
    return ENTAILMENT if premise.negated == hypothesis.negated else CONTRADICTION
