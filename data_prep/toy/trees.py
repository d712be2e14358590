"""Dependency trees as they are built, and their sentences as they are written."""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.toy.forms import Form


class Node:
    """A word with its dependents before and after it, each in surface order."""

    __slots__ = ("after", "before", "form", "relation")

    def __init__(self, form: Form, relation: str, before: Sequence[Node] = (), after: Sequence[Node] = ()) -> None:
        """Attach ``before`` and ``after`` (nodes) to the word ``form``, itself a ``relation`` of its head."""
        self.form = form
        self.relation = relation
        self.before = before
        self.after = after


class Sentence:
    """A finished tree: forms in order, heads (1-based, 0 for the root) and relations."""

    __slots__ = ("forms", "heads", "relations")

    def __init__(self, root: Node) -> None:
        """Lay ``root`` and all below it out in order; the first word gets its capital."""
        self.forms: list[Form] = []
        self.heads: list[int] = []
        self.relations: list[str] = []
        self._lay_out(root)
        first = 1 if self.forms[0].upos == "PUNCT" else 0
        self.forms[first] = self.forms[first].capitalised()

    def _lay_out(self, node: Node) -> int:
        heads = self.heads
        left = [self._lay_out(child) for child in node.before] if node.before else ()
        self.forms.append(node.form)
        self.relations.append(node.relation)
        heads.append(0)
        position = len(heads)
        for child in left:
            heads[child - 1] = position
        for child_node in node.after:
            heads[self._lay_out(child_node) - 1] = position
        return position

    @property
    def text(self) -> str:
        """The words, separated by one space."""
        return " ".join([form.text for form in self.forms])

    def conllu(self, identifier: str, comments: str = "") -> str:
        """Return the CoNLL-U block of the sentence, with its blank line.

        Args:
            identifier: the value of ``sent_id``.
            comments: further comment lines, each ending in a newline, put first.
        """
        rows = [
            f"{number}\t{form.columns}\t{head}\t{relation}\t_\t_\n"
            for number, (form, head, relation) in enumerate(zip(self.forms, self.heads, self.relations, strict=True), 1)
        ]
        return f"{comments}# sent_id = {identifier}\n# text = {self.text}\n{''.join(rows)}\n"
