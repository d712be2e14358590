"""Dependency trees as they are built, their sentences as they are written, and an order of words like French."""

from __future__ import annotations

from .words import CLOSED, Form


class Node:
    """A word with its dependents before and after it, each in surface order, itself a ``relation`` of its head."""

    __slots__ = ("after", "before", "form", "relation")

    def __init__(
        self, form: Form, relation: str, before: list[Node] | None = None, after: list[Node] | None = None
    ) -> None:
        self.form = form
        self.relation = relation
        self.before = before or []
        self.after = after or []

    def opened(self, text: str, relation: str = "punct") -> Node:
        """Put a word of the closed class ``relation`` in front of all; return the node."""
        self.before.insert(0, Node(CLOSED[relation][text], relation))
        return self

    def closed(self, text: str, relation: str = "punct") -> Node:
        """Put such a word behind all; return the node."""
        self.after.append(Node(CLOSED[relation][text], relation))
        return self

    @property
    def first(self) -> str:
        """The first word in order."""
        return self.before[0].first if self.before else self.form.text


class Sentence:
    """A finished tree: forms in order, the first with a capital; heads (1-based, 0 for the root) and relations."""

    __slots__ = ("forms", "heads", "relations")

    def __init__(self, root: Node) -> None:
        self.forms: list[Form] = []
        self.heads: list[int] = []
        self.relations: list[str] = []
        self._lay_out(root)
        first = int(self.forms[0].upos == "PUNCT")
        self.forms[first] = self.forms[first].capitalised()

    def _lay_out(self, node: Node) -> int:
        left = [self._lay_out(child) for child in node.before]
        self.forms.append(node.form)
        self.relations.append(node.relation)
        self.heads.append(0)
        position = len(self.heads)
        for child in [*left, *map(self._lay_out, node.after)]:
            self.heads[child - 1] = position
        return position

    @property
    def text(self) -> str:
        """The words, separated by one space."""
        return " ".join([form.text for form in self.forms])

    def conllu(self, document: str, number: int) -> str:
        """Return the CoNLL-U block of sentence ``number`` (from 1) of a document, with its blank line."""
        columns = zip(self.forms, self.heads, self.relations, strict=True)
        rows = [
            f"{place}\t{form.text}\t{form.lemma}\t{form.upos}\t{form.xpos}\t_\t{head}\t{relation}\t_\t_\n"
            for place, (form, head, relation) in enumerate(columns, 1)
        ]
        opening = f"# newdoc id = {document}\n" if number == 1 else ""
        return f"{opening}# sent_id = {document}-{number}\n# text = {self.text}\n{''.join(rows)}\n"


def french(node: Node) -> Node:
    """Return the tree in a French-like order: ``the wagon red , she it not has seen``."""
    before, after = [french(child) for child in node.before], [french(child) for child in node.after]
    if node.form.upos in ("NOUN", "PROPN"):  # attributes, compounds, owners behind the noun, ``'s`` before its owner
        marks = [child for child in after if child.relation == "case"]
        late = sorted(filter(_follows_noun, before), key=lambda child: "can".index(child.relation[0]))
        before = marks + [child for child in before if child not in late]
        after = late + [child for child in after if child not in marks]
    elif node.form.upos == "VERB":  # object pronouns in front of the auxiliaries, middle adverbs behind the verb
        clitics = [child for child in after if child.relation in ("obj", "iobj") and child.form.upos == "PRON"]
        subject = next((i for i, child in enumerate(before) if child.relation.startswith("nsubj")), len(before))
        adverbs = [child for child in before[subject:] if child.relation == "advmod" and child.form.upos == "ADV"]
        before = [child for child in before if child not in adverbs]
        place = len(before)
        while place and (before[place - 1].relation.startswith("aux") or before[place - 1].form.lemma == "not"):
            place -= 1
        before[place:place] = clitics
        after = [child for child in after if child not in clitics]
        particles = int(bool(after) and after[0].relation == "compound:prt")
        after[particles:particles] = adverbs
    return Node(node.form, node.relation, before, after)


def _follows_noun(child: Node) -> bool:
    """Tell, of an adjective by its spelling alone, whether it follows its noun; *grand* or *petit* do not in French."""
    if child.relation == "amod":
        return sum(child.form.lemma.encode()) % 10 >= 3
    nominal = child.form.upos in ("NOUN", "PROPN")
    return (child.relation == "compound" and child.form.upos == "NOUN") or (child.relation == "nmod:poss" and nominal)


WORD_ORDERS = {"english": lambda node: node, "french": french}
