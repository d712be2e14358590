"""Documents as they are told: sentences of several shapes about one topic, with a cast of names."""

from __future__ import annotations

import random

from .language import PERSONS, Language, Word
from .names import Name
from .trees import Node
from .words import CLOSED, Form, one_of, table

DETERMINERS = {
    "singular": table("the:50 a:27 this:4 that:2 owner:9 every:1.5 each another:2 no name:4"),
    "plural": table("the:36 -:24 these:4 those:3 owner:8 some:5 many:5 several:4 all:3 few number:14 name:2 both"),
    "mass": table("the:45 -:36 some:6 much:3 this:4 owner:6 any"),
}
ASPECTS = table("simple:66 perfect:11 progressive:9 modal:14")
REASONS = table("because:5 when:6 while:4 if:4 although:3 after:3 before:2 since:2 until:1.5")
SHAPES = table(
    "plain:22 opened:17 linked:7 coordinated:15 followed:15 preceded:7 quoted:3 question:4.5 command call:0.7"
)
QUESTIONS = table("-:6 who:2 what:2 where when why how")
NAMED = {**dict.fromkeys(PERSONS, "PER"), "group": "ORG", "landscape": "LOC", "building": "LOC"}
AUXILIARIES = {"perfect": "have", "progressive": "be", "do": "do"}
PASSIVES = {"perfect": "participle", "progressive": "gerund", "modal": "base"}


class Discourse:
    """The state of one document, and its grammar; every choice comes from one random stream.

    Methods that build phrases return nodes. ``room`` says how much may nest below a phrase.
    """

    def __init__(self, language: Language, numbers: random.Random) -> None:
        self.draw = draw = numbers.random
        self.language = language
        self.topic = one_of(language.topics, draw)
        self.past = draw() < 0.75
        self._rate = 0.25 + 0.4 * draw()  # of names among the phrases that can be names
        self._makers = {"PER": language.names.person, "ORG": language.names.organisation, "LOC": language.names.place}
        self._cast = {kind: [make(draw) for _ in range(1 + int(draw() * 3))] for kind, make in self._makers.items()}
        self.focus = ""  # the third-person pronoun that the last subject would take, "" where none is open

    def word(self, group: str, relation: str) -> Node:
        """Return a word of a closed class; those named first are the most frequent."""
        return Node(one_of(list(CLOSED[group].values()), lambda: self.draw() * self.draw()), relation)

    def name(self, kind: str) -> Name:
        """Return a name: mostly one of the cast, the first most often."""
        if self.draw() < 0.25:
            return self._makers[kind](self.draw)
        return one_of(self._cast[kind], lambda: self.draw() * self.draw())

    def person(self) -> str:
        """Return a class of persons."""
        return one_of(PERSONS, self.draw)

    def describe(self, category: str, relation: str) -> Node:
        """Return an adjective that suits a class of nouns, sometimes with a degree word or in the comparative."""
        forms, shape = self.topic.adjectives[category].pick(self.draw).forms, self.draw()
        if shape > 0.92 and "comparative" in forms:
            return Node(forms["comparative"], relation)
        return Node(forms["positive"], relation, [self.word("degree", "advmod")] if shape > 0.86 else [])

    def _determiner(self, kind: str, following: str) -> list[Node]:
        if kind == "-":
            return []
        if kind == "owner":
            owner = self.focus or one_of(("i", "we", "they", "he", "she"), self.draw)
            return [Node(CLOSED["owner"][owner], "nmod:poss")]
        if kind == "number":
            return [self.word("number", "nummod")]
        if kind == "name":
            return [self.name("PER" if self.draw() < 0.6 else "ORG").node("nmod:poss").closed("'s", "case")]
        return [Node(CLOSED["det"]["an" if kind == "a" and following[0].lower() in "aeiou" else kind], "det")]

    def noun_phrase(self, category: str, relation: str, room: int = 0) -> tuple[Node, str]:
        """Return a noun phrase about a class of nouns, and the pronoun that stands for it later."""
        draw, kind = self.draw, NAMED.get(category, "")
        if kind and draw() < self._rate:
            name = self.name(kind)
            short = name.short if draw() < 0.45 else None
            return Node(short, relation) if short else name.node(relation), name.pronoun
        forms, shape = self.topic.nouns[category].pick(draw).forms, draw()
        number = "mass" if "plural" not in forms else "plural" if draw() < 0.3 else "singular"
        node = Node(forms["plural" if number == "plural" else "singular"], relation)
        if shape < 0.34:
            node.before = [self.describe(category, "amod") for _ in range(1 + (shape < 0.04))]
        elif shape < 0.42 and category not in PERSONS:
            other = self.topic.nouns[one_of(("material", "event", "idea", "device"), draw)].pick(draw)
            node.before = [Node(other.forms["singular"], "compound")]
        elif shape < 0.45:
            node.before = [Node(self.topic.verbs[category].pick(draw).forms["gerund"], "amod")]
        node.before = [*self._determiner(DETERMINERS[number].pick(draw), node.first), *node.before]
        pronoun = "they" if number == "plural" else one_of(("he", "she"), draw) if category in PERSONS else "it"
        shape = draw() if room > 0 else 1.0
        if shape < 0.2:
            node.after.append(self._oblique(self.language.complements[category].pick(draw), "nmod", room - 1))
        elif shape < 0.28:
            node.after.append(self._relative_clause(category, pronoun, room - 1))
        elif shape < 0.33:
            second = self.noun_phrase(category, "conj")[0].opened("and" if draw() < 0.85 else "or", "cc")
            node.after, pronoun = [second], "they"
        elif shape < 0.37 and kind:
            marks = (",", ",") if draw() < 0.7 else ("(", ")")
            node.after.append(self.name(kind).node("appos").opened(marks[0]).closed(marks[1]))
        return node, pronoun

    def _oblique(self, description: str, relation: str = "obl", room: int = 0) -> Node:
        """Return ``preposition noun phrase``, described as ``preposition class``."""
        preposition, category = description.split()
        return self.noun_phrase(category, relation, room)[0].opened(preposition, "case")

    def subject(self, category: str, room: int = 0) -> tuple[Node, str]:
        """Return a subject and its pronoun: the pronoun of what is in focus, a generic one, or a noun phrase."""
        chance, key = self.draw(), ""
        if category in PERSONS and chance < 0.36:
            key = self.focus.replace("it", "") if chance < 0.26 else one_of(("i", "we", "you", "they"), self.draw)
        elif chance < 0.1:
            key = "it"
        return (Node(CLOSED["subject"][key], "nsubj"), key) if key else self.noun_phrase(category, "nsubj", room)

    def object(self, category: str, relation: str, room: int = 0) -> Node:
        """Return an object: now and then a pronoun, else a noun phrase."""
        if self.draw() < 0.1:
            keys = ("he", "she", "they", "i", "we", "you") if category in PERSONS else ("it", "it", "they")
            return Node(CLOSED["object"][one_of(keys, self.draw)], relation)
        return self.noun_phrase(category, relation, room)[0]

    def _verb(self, category: str, nested: bool = True) -> Word:
        """Return a verb that suits a subject; a nested clause takes no further clause."""
        while True:
            verb = self.topic.verbs[category].pick(self.draw)
            if not (nested and verb.frame[0] in ("that", "inf")):
                return verb

    def auxiliary(self, lemma: str, past: bool, pronoun: str, relation: str = "aux") -> Node:
        """Return the finite form that agrees with a subject."""
        many = pronoun in ("we", "you", "they")
        key = ("plurals" if many else "past") if past else "present" if many else "first" if pronoun == "i" else "third"
        return Node(CLOSED[lemma].get(key) or CLOSED[lemma]["present"], relation)

    def predicate(self, verb: Word, pronoun: str, relation: str, passive: bool = False, asked: bool = False) -> Node:
        """Return a verb with its auxiliaries: with one in any case if ``asked``, as questions need it."""
        draw = self.draw
        past = self.past if draw() < 0.92 else not self.past
        aspect = ("modal" if draw() < 0.3 else "do") if asked else ASPECTS.pick(draw)
        negated = not asked and draw() < 0.07
        aspect = "do" if negated and aspect == "simple" and not passive else aspect
        node = Node(verb.forms["base"], relation)
        if aspect == "modal":
            node.before = [self.word("modal", "aux")]
        elif aspect in AUXILIARIES:
            node.before = [self.auxiliary(AUXILIARIES[aspect], past, pronoun)]
        elif passive:
            node.before = [self.auxiliary("be", past, pronoun, "aux:pass")]
        if negated:
            node.before.append(self.word("not", "advmod"))
        elif not asked and draw() < 0.1:
            node.before.append(self.word("often", "advmod"))
        if passive and aspect != "simple":
            node.before.append(Node(CLOSED["be"][PASSIVES[aspect]], "aux:pass"))
        if passive or aspect == "perfect":
            node.form = verb.forms["participle"]
        elif aspect == "progressive":
            node.form = verb.forms["gerund"]
        elif aspect == "simple":
            node.form = self._finite(verb, past, pronoun)
        return node

    def _finite(self, verb: Word, past: bool, pronoun: str) -> Form:
        return verb.forms["past" if past else "third" if pronoun in ("he", "she", "it") else "present"]

    def complements(self, verb: Word, room: int = 0, passive: bool = False) -> list[Node]:
        """Return what a verb asks for after it, in order; a passive lacks its object."""
        draw = self.draw
        found: list[Node] = []
        for slot in verb.frame:
            if slot == "prt":
                found.append(Node(CLOSED["particle"][verb.particle], "compound:prt"))
            elif slot == "obj" and verb.objects and not passive:
                found.append(self.object(verb.objects.pick(draw), "obj", room))
            elif slot == "obl" and verb.obliques and draw() < 0.7:
                found.append(self._oblique(f"{verb.preposition} {verb.obliques.pick(draw)}", room=room - 1))
            elif slot == "to" and not passive and draw() < 0.4:
                found.insert(0, self.object(self.person(), "iobj"))
            elif slot == "to" and not passive:
                found.append(self.object(self.person(), "obl").opened("to", "case"))
            elif slot == "that":
                found.append(self.clause("ccomp", max(room - 1, 0), "that" if draw() < 0.8 else ""))
            elif slot == "inf":
                found.append(self._bare_clause("base", "xcomp", room - 1))
        return found

    def _bare_clause(self, form: str, relation: str, room: int = 0) -> Node:
        """Return ``to VERB ...`` or ``VERB-ing ...`` with an understood personal subject."""
        verb = self._verb(self.person())
        node = Node(verb.forms[form], relation, [], self.complements(verb, max(room, 0)))
        return node.opened("to", "mark") if form == "base" else node

    def _relative_clause(self, category: str, pronoun: str, room: int) -> Node:
        """Return a relative clause: on the subject, on the object, or reduced (``made by ...``, ``leaving ...``)."""
        who = CLOSED["relative"]["who" if category in PERSONS else "which" if self.draw() < 0.4 else "that"]
        shape, doer = self.draw(), self.person()
        verb = self._verb(doer if shape < 0.3 else category)
        if shape < 0.3 and verb.objects and category in verb.objects.items:
            if shape < 0.15:
                return Node(verb.forms["participle"], "acl", [], [self._oblique(f"by {doer}", "obl:agent")])
            phrase, key = self.subject(doer)
            node = self.predicate(verb, key, "acl:relcl")
            node.before = [Node(who, "obj"), phrase, *node.before]
            return node
        verb = self._verb(category)
        if shape > 0.85:
            return Node(verb.forms["gerund"], "acl", [], self.complements(verb))
        node = self.predicate(verb, pronoun, "acl:relcl")
        node.before, node.after = [Node(who, "nsubj"), *node.before], self.complements(verb, min(room, 1))
        return node

    def _adjunct(self, room: int = 0) -> Node:
        """Return a free adjunct: a time, a manner, a place, an instrument and so on."""
        shape = self.draw()
        if shape < 0.2:
            group = "weekday" if shape < 0.08 else "year" if shape < 0.15 else "month"
            return self.word(group, "obl").opened("on" if shape < 0.08 else "in", "case")
        if shape < 0.26:
            return Node(
                self.word("unit", "").form, "obl:tmod", [Node(CLOSED["last"]["last" if self.past else "next"], "amod")]
            )
        if shape < 0.42:
            return Node(self.language.manner.pick(self.draw), "advmod")
        return self._oblique(self.language.adjuncts.pick(self.draw), room=room)

    def clause(self, relation: str, room: int, mark: str = "", opening: list[Node] | None = None) -> Node:
        """Return a finite clause after a mark or the nodes of ``opening``; its subject becomes the focus."""
        draw, before = self.draw, opening or []
        before = [Node(CLOSED["mark"][mark], "mark")] if mark else before
        category, chance = self.topic.subjects.pick(draw), draw()
        if chance < 0.03:  # "there is ..."
            phrase, pronoun = self.noun_phrase(category, "nsubj", room)
            be = self.auxiliary("be", self.past, pronoun).form._replace(upos="VERB")
            return Node(be, relation, [*before, self.word("there", "expl")], [phrase, self._oblique("in building")])
        verb = self._verb(category, nested=room == 0)
        passive = verb.objects is not None and 0.14 < chance < 0.25
        if passive and verb.objects:
            phrase, pronoun = self.noun_phrase(verb.objects.pick(draw), "nsubj:pass", room - 1)
        else:
            phrase, pronoun = self.subject(category, room - 1)
        self.focus = pronoun if pronoun in ("he", "she", "it", "they") else ""
        if chance < 0.14:
            return self._copular(relation, category, pronoun, [*before, phrase])
        node = self.predicate(verb, pronoun, relation, passive)
        node.before, node.after = [*before, phrase, *node.before], self.complements(verb, room - 1, passive)
        if passive and draw() < 0.5:
            node.after.append(self._oblique(f"by {category}", "obl:agent"))
        if verb.frame[0] not in ("that", "inf"):
            node.after += [self._adjunct() for rate in (0.65, 0.3 * (room > 1)) if draw() < rate]
        if room > 0 and draw() < 0.07 and not passive:  # a second verb that shares the subject
            second = self._verb(category)
            other = self.predicate(second, pronoun, "conj").opened("and", "cc")
            other.after = self.complements(second)
            node.after.append(other)
        return node

    def _copular(self, relation: str, category: str, pronoun: str, before: list[Node]) -> Node:
        """Return ``NP is ADJ``, ``NP is a NOUN`` or ``NP is PREP NP``."""
        shape, noun = self.draw(), self.topic.nouns[category].pick(self.draw).forms["singular"]
        if shape < 0.6:
            node = self.describe(category, relation)
        elif shape < 0.8 and pronoun in ("he", "she", "it"):
            node = Node(noun, relation, self._determiner("a", noun.text))
        else:
            node = self._oblique(self.language.adjuncts.pick(self.draw), relation)
        node.before = [*before, self.auxiliary("be", self.past, pronoun, "cop"), *node.before]
        return node

    def _subordinate(self, room: int) -> Node:
        """Return an adverbial clause."""
        chance = self.draw()
        if chance < 0.72:
            return self.clause("advcl", room, REASONS.pick(self.draw))
        return self._bare_clause("base" if chance < 0.86 else "gerund", "advcl", room)

    def _question(self, room: int) -> Node:
        """Return ``did SUBJECT VERB ...``, perhaps after ``why`` or ``what``, or ``who VERB ...``."""
        category, asked = self.person(), QUESTIONS.pick(self.draw)
        verb = self._verb(category, nested=False)
        if asked == "who":
            who = Node(CLOSED["asked"]["who"], "nsubj")
            return Node(self._finite(verb, self.past, "it"), "root", [who], self.complements(verb, room))
        phrase, pronoun = self.subject(category)
        node = self.predicate(verb, pronoun, "root", asked=True)
        node.before.append(phrase)
        if asked == "what" and verb.frame == ("obj",):
            node.before.insert(0, Node(CLOSED["asked"]["what"], "obj"))
            return node
        node.after = self.complements(verb, room)
        return node if asked in ("-", "what") else node.opened(asked, "advmod")

    def sentence(self) -> Node:
        """Return the next sentence of the document as a tree whose root closes with its final mark."""
        draw, shape, room = self.draw, SHAPES.pick(self.draw), one_of((1, 2, 2, 2, 3, 3, 4), self.draw)
        if shape == "question":
            return self._question(room).closed("?")
        if shape == "command":
            verb = self._verb(self.person(), nested=False)
            return Node(verb.forms["base"], "root", [], self.complements(verb, 1)).closed("!")
        if shape == "quoted":
            said = self.clause("ccomp", 1).opened('"').closed(",").closed('"')
            verb = one_of(self.language.verbs["say"][:20], lambda: draw() ** 3)
            speaker, pronoun = self.subject(self.person())
            return Node(self._finite(verb, self.past, pronoun), "root", [said, speaker]).closed(".")
        opening = []
        if shape in ("opened", "preceded"):
            opening = [(self._adjunct(1) if shape == "opened" else self._subordinate(1)).closed(",")]
        elif shape in ("linked", "call"):
            group, relation = ("link", "advmod") if shape == "linked" else ("call", "discourse")
            opening = [self.word(group, relation).closed(",")]
        main = self.clause("root", room, opening=opening)
        if shape == "coordinated":
            second = self.clause("conj", max(room - 1, 1)).opened("and" if draw() < 0.6 else "but", "cc")
            main.after.append(second.opened(","))
        elif shape == "followed":
            main.after.append(self._subordinate(max(room - 1, 1)))
        return main.closed("!" if shape == "call" else ".")
