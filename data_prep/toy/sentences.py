"""Whole sentences: statements of several shapes, reported speech, questions, commands, exclamations."""

from __future__ import annotations

from data_prep.toy.classes import PERSONS
from data_prep.toy.clauses import adjunct, clause, complements, subordinate
from data_prep.toy.discourse import Discourse
from data_prep.toy.function_words import (
    CONJUNCTIONS,
    INTERJECTIONS,
    INTERROGATIVES,
    LINKING,
    PUNCTUATION,
)
from data_prep.toy.noun_phrases import subject
from data_prep.toy.tables import table_of
from data_prep.toy.trees import Node
from data_prep.toy.verb_groups import finite_auxiliary

SHAPES = table_of(
    {
        "plain": 22, "opened": 17, "linked": 7, "coordinated": 15, "followed": 15, "preceded": 7, "quoted": 3,
        "question": 3, "wh_question": 1.5, "command": 1, "exclaimed": 0.7,
    }
)  # fmt: skip
LINKS = list(LINKING.values())
CALLS = list(INTERJECTIONS.values())
ADVERBS_ASKED = [INTERROGATIVES[word] for word in ("where", "when", "why", "how")]
COMMA = PUNCTUATION[","]
ROOMS = (1, 2, 2, 2, 3, 3, 4)


def _closed(node: Node, mark: str = ".") -> Node:
    return Node(node.form, "root", node.before, [*node.after, Node(PUNCTUATION[mark], "punct")])


def _with_comma(node: Node) -> Node:
    return Node(node.form, node.relation, node.before, [*node.after, Node(COMMA, "punct")])


def _coordinated(discourse: Discourse, room: int) -> Node:
    first = clause(discourse, "root", max(room - 1, 1))
    word = CONJUNCTIONS["and" if discourse.draw() < 0.6 else "but"]
    opening = [Node(COMMA, "punct"), Node(word, "cc")]
    second = clause(discourse, "conj", max(room - 1, 1), opening)
    return Node(first.form, "root", first.before, [*first.after, second])


def _quoted(discourse: Discourse) -> Node:
    """Return ``" CLAUSE , " SUBJECT VERB .`` around a verb of saying."""
    draw = discourse.draw
    said = clause(discourse, "ccomp", 1)
    quote = PUNCTUATION['"']
    content = Node(
        said.form,
        "ccomp",
        [Node(quote, "punct"), *said.before],
        [*said.after, Node(COMMA, "punct"), Node(quote, "punct")],
    )
    verbs = discourse.language.verbs["say"][:20]
    verb = verbs[int(draw() * draw() * draw() * len(verbs))]
    speaker = subject(discourse, PERSONS[int(draw() * 4)], 0, None)
    plural = speaker.plural or speaker.pronoun == "i"
    form = verb.past if discourse.past else verb.present if plural else verb.third
    return Node(form, "root", [content, speaker.node])


def _question(discourse: Discourse, room: int, asked_adverb: bool) -> Node:
    """Return ``did SUBJECT VERB ... ?``, also after ``where``, ``when``, ``why``, ``how``."""
    draw = discourse.draw
    noun_class = PERSONS[int(draw() * 4)]
    verb = discourse.topic.verbs[noun_class].pick(draw())
    phrase = subject(discourse, noun_class, 0, None)
    aspect = "modal" if draw() < 0.3 else "do"
    auxiliary = finite_auxiliary(discourse, aspect, discourse.past, phrase.plural, phrase.pronoun == "i")
    before = [Node(auxiliary, "aux"), phrase.node]
    if asked_adverb:
        before.insert(0, Node(ADVERBS_ASKED[int(draw() * 4)], "advmod"))
    return Node(verb.base, "root", before, complements(discourse, verb, room))


def _wh_question(discourse: Discourse, room: int) -> Node:
    """Return ``who VERB ... ?`` or ``what did SUBJECT VERB ?``."""
    draw = discourse.draw
    noun_class = PERSONS[int(draw() * 4)]
    verb = discourse.topic.verbs[noun_class].pick(draw())
    if draw() < 0.5 or verb.frame != "object":
        form = verb.past if discourse.past else verb.third
        return Node(form, "root", [Node(INTERROGATIVES["who"], "nsubj")], complements(discourse, verb, room))
    phrase = subject(discourse, noun_class, 0, None)
    auxiliary = finite_auxiliary(discourse, "do", discourse.past, phrase.plural, phrase.pronoun == "i")
    before = [Node(INTERROGATIVES["what"], "obj"), Node(auxiliary, "aux"), phrase.node]
    return Node(verb.base, "root", before)


def sentence(discourse: Discourse) -> Node:
    """Return the next sentence of the document as a tree whose root closes with its final mark."""
    draw = discourse.draw
    shape = SHAPES.pick(draw())
    room = ROOMS[int(draw() * 7)]
    if shape == "plain":
        return _closed(clause(discourse, "root", room))
    if shape == "opened":
        return _closed(clause(discourse, "root", room, [_with_comma(adjunct(discourse, 1))]))
    if shape == "linked":
        link = Node(LINKS[int(draw() * len(LINKS))], "advmod", (), [Node(COMMA, "punct")])
        return _closed(clause(discourse, "root", room, [link]))
    if shape == "coordinated":
        return _closed(_coordinated(discourse, room))
    if shape == "followed":
        main = clause(discourse, "root", room)
        return _closed(Node(main.form, "root", main.before, [*main.after, subordinate(discourse, max(room - 1, 1))]))
    if shape == "preceded":
        return _closed(clause(discourse, "root", room, [subordinate(discourse, 1, comma=True)]))
    if shape == "quoted":
        return _closed(_quoted(discourse))
    if shape == "question":
        return _closed(_question(discourse, room, draw() < 0.35), "?")
    if shape == "wh_question":
        return _closed(_wh_question(discourse, room), "?")
    if shape == "command":
        noun_class = PERSONS[int(draw() * 4)]
        verb = discourse.topic.verbs[noun_class].pick(draw())
        return _closed(Node(verb.base, "root", (), complements(discourse, verb, 1)), "!")
    call = Node(CALLS[int(draw() * len(CALLS))], "discourse", (), [Node(COMMA, "punct")])
    return _closed(clause(discourse, "root", 1, [call]), "!")
