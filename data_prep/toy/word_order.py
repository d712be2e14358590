"""Word orders that the same trees can be written in: English as built, and one like French."""

from __future__ import annotations

from collections.abc import Callable

from data_prep.toy.function_words import OBJECT_PRONOUNS
from data_prep.toy.trees import Node

NOMINAL = ("NOUN", "PROPN")
CLITICS = frozenset(OBJECT_PRONOUNS.values())
PRENOMINAL_SHARE = 10  # tenths: adjectives whose spelling falls below 3 of 10 stay in front of the noun


def _stays_in_front(lemma: str) -> bool:
    """Tell, by spelling alone, whether an adjective precedes its noun, as *grand* or *petit* do in French."""
    return sum(lemma.encode()) % PRENOMINAL_SHARE < 3


def _noun_order(before: list[Node], after: list[Node]) -> tuple[list[Node], list[Node]]:
    """Put attributes, compounds and owners behind the noun, and the genitive mark before its owner."""
    stay: list[Node] = []
    attributes: list[Node] = []
    compounds: list[Node] = []
    owners: list[Node] = []
    for child in before:
        nominal = child.form.upos in NOMINAL
        if child.relation == "amod" and not _stays_in_front(child.form.lemma):
            attributes.append(child)
        elif child.relation == "compound" and child.form.upos == "NOUN":
            compounds.append(child)
        elif child.relation == "nmod:poss" and nominal:
            owners.append(child)
        else:
            stay.append(child)
    marks = [child for child in after if child.relation == "case"]
    rest = [child for child in after if child.relation != "case"]
    return marks + stay, compounds + attributes[::-1] + owners + rest


def _verb_order(before: list[Node], after: list[Node]) -> tuple[list[Node], list[Node]]:
    """Put object pronouns in front of the auxiliaries and middle adverbs behind the verb."""
    clitics = [child for child in after if child.relation in ("obj", "iobj") and child.form in CLITICS]
    after = [child for child in after if child not in clitics]
    adverbs: list[Node] = []
    stay: list[Node] = []
    seen_subject = False
    for child in before:
        seen_subject = seen_subject or child.relation in ("nsubj", "nsubj:pass")
        if seen_subject and child.relation == "advmod" and child.form.upos == "ADV":
            adverbs.append(child)
        else:
            stay.append(child)
    if clitics:
        place = len(stay)
        while place > 0 and (stay[place - 1].relation.startswith("aux") or stay[place - 1].form.lemma == "not"):
            place -= 1
        stay[place:place] = clitics
    particles = 1 if after and after[0].relation == "compound:prt" else 0
    return stay, after[:particles] + adverbs + after[particles:]


def french(node: Node) -> Node:
    """Return the tree in a French-like order: ``the wagon red , she it not has seen``."""
    before = [french(child) for child in node.before]
    after = [french(child) for child in node.after]
    if node.form.upos in NOMINAL:
        before, after = _noun_order(before, after)
    elif node.form.upos == "VERB":
        before, after = _verb_order(before, after)
    return Node(node.form, node.relation, before, after)


def english(node: Node) -> Node:
    """Return the tree as it is."""
    return node


WORD_ORDERS: dict[str, Callable[[Node], Node]] = {"english": english, "french": french}
