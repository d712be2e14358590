"""Sentences that say a statement."""

from __future__ import annotations

from operator import attrgetter

from data_prep.toy.classes import PERSONS
from data_prep.toy.discourse import Discourse
from data_prep.toy.forms import Form
from data_prep.toy.function_words import BE, DETERMINERS, DO, NOT, PREPOSITIONS, PUNCTUATION
from data_prep.toy.inference import Participant, Restriction, Statement
from data_prep.toy.morphology import article
from data_prep.toy.names import Name
from data_prep.toy.trees import Node
from data_prep.toy.verb_groups import be_key

PASSIVE_RATE = 0.15
FRONTED_RATE = 0.2


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
    node = Node(head, "obl") if isinstance(head, Form) else _participant_node(head, "obl", [])
    return Node(node.form, "obl", [Node(PREPOSITIONS[restriction.preposition], "case"), *node.before], node.after)


def render(statement: Statement, discourse: Discourse) -> Node:
    """Return a sentence that says ``statement``; voice and order of adjuncts are free and carry no meaning."""
    draw = discourse.draw
    verb = statement.verb
    restrictions = sorted(statement.restrictions, key=attrgetter("sort_key"))
    attributes = [
        Node(one.head, "amod") for one in restrictions if isinstance(one.head, Form) and one.head.upos == "ADJ"
    ]
    adjuncts = [_adjunct_node(one) for one in restrictions if one.category != ("", "ADJ")]
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
        auxiliary = Node(BE[be_key(True, False)], "aux:pass")
        before = [*opening, undergoer, auxiliary, *negation]
        return Node(verb.participle, "root", before, [agent, *adjuncts, stop])
    doer = _participant_node(statement.subject, "nsubj", [])
    undergoer = _participant_node(statement.object, "obj", attributes)
    if statement.negated:
        before = [*opening, doer, Node(DO["past"], "aux"), *negation]
        return Node(verb.base, "root", before, [undergoer, *adjuncts, stop])
    return Node(verb.past, "root", [*opening, doer], [undergoer, *adjuncts, stop])
