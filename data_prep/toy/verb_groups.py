"""Verb groups: tense, aspect, modality, negation, voice and agreement."""

from __future__ import annotations

from typing import NamedTuple

from data_prep.toy.discourse import Discourse
from data_prep.toy.forms import Form
from data_prep.toy.function_words import BE, DO, FREQUENCY, HAVE, MODALS, NOT
from data_prep.toy.tables import table_of
from data_prep.toy.trees import Node
from data_prep.toy.words import Verb

ASPECTS = table_of({"simple": 66, "perfect": 11, "progressive": 9, "modal": 14})
PAST_MODALS = [MODALS[word] for word in ("would", "could", "might", "should")]
PRESENT_MODALS = [MODALS[word] for word in ("will", "can", "may", "must", "should")]
ADVERBS = list(FREQUENCY.values())
NEGATION_RATE = 0.07
ADVERB_RATE = 0.1


class VerbGroup(NamedTuple):
    """The main verb's form and the nodes in front of it, the first auxiliary first."""

    form: Form
    before: list[Node]


def be_key(past: bool, plural: bool, first: bool = False) -> str:
    """Return the key of the finite form of *be* that agrees, in function_words.BE and BE_VERB."""
    if past:
        return "past_plural" if plural else "past"
    return "first" if first else "present" if plural else "third"


def finite_auxiliary(discourse: Discourse, aspect: str, past: bool, plural: bool, first: bool) -> Form:
    """Return the auxiliary that opens a group of ``aspect``."""
    if aspect == "modal":
        modals = PAST_MODALS if past else PRESENT_MODALS
        return modals[int(discourse.draw() * len(modals))]
    if aspect == "perfect":
        return HAVE["past" if past else "present" if plural or first else "third"]
    if aspect == "do":
        return DO["past" if past else "present" if plural or first else "third"]
    return BE[be_key(past, plural, first)]


def verb_group(
    discourse: Discourse, verb: Verb, plural: bool, pronoun: str, passive: bool = False, negated: bool | None = None
) -> VerbGroup:
    """Return the group for a finite clause.

    Args:
        discourse: gives the tense.
        verb: the main verb.
        plural: whether the subject is plural.
        pronoun: the subject's pronoun key; ``i`` changes the agreement.
        passive: whether to use the passive.
        negated: None leaves it to chance.
    """
    draw = discourse.draw
    first = pronoun == "i"
    past = discourse.past if draw() < 0.92 else not discourse.past
    aspect = ASPECTS.pick(draw())
    if negated is None:
        negated = draw() < NEGATION_RATE
    before: list[Node] = []
    if aspect == "simple":
        if passive:
            before.append(Node(BE[be_key(past, plural, first)], "aux:pass"))
        elif negated:
            before.append(Node(finite_auxiliary(discourse, "do", past, plural, first), "aux"))
    elif passive and aspect == "progressive":
        before.append(Node(BE[be_key(past, plural, first)], "aux"))
    else:
        before.append(Node(finite_auxiliary(discourse, aspect, past, plural, first), "aux"))
    if negated:
        before.append(Node(NOT, "advmod"))
    elif draw() < ADVERB_RATE:
        before.append(Node(ADVERBS[int(draw() * draw() * len(ADVERBS))], "advmod"))
    if passive:
        if aspect == "perfect":
            before.append(Node(BE["participle"], "aux:pass"))
        elif aspect == "progressive":
            before.append(Node(BE["gerund"], "aux:pass"))
        elif aspect == "modal":
            before.append(Node(BE["base"], "aux:pass"))
        return VerbGroup(verb.participle, before)
    if aspect == "perfect":
        return VerbGroup(verb.participle, before)
    if aspect == "progressive":
        return VerbGroup(verb.gerund, before)
    if aspect == "modal" or negated:
        return VerbGroup(verb.base, before)
    if past:
        return VerbGroup(verb.past, before)
    return VerbGroup(verb.present if plural or first else verb.third, before)
