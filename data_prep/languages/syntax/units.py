"""A tree seen as units: what moves as one, what hangs on what, and the punctuation set apart.

Names (``flat``, ``name``, compounds of proper nouns), fixed expressions and wrongly split words are one unit each.
Punctuation marks are taken out; a mark inside a unit stays there.
"""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.languages.syntax.conversion import WorkingTree
from data_prep.languages.syntax.punctuation import BRACKET_FORMS, pairs

_JOINING = frozenset({"flat", "name", "fixed", "mwe", "goeswith", "foreign"})
_COMPOUND = frozenset({"compound", "nmod:desc"})


class Units:
    """The units of a tree.

    A unit is named by the index of its head word, its *top*.

    Attributes:
        tree: the tree itself.
        root: top of the root's unit, -1 if the sentence has no words but marks.
        top: the unit of every word, -1 for marks set apart.
        parent: the top above every top, -1 for the root.
        below: the tops below every top, in surface order.
        members: the words (and inner marks) of every unit of more than one, in surface order.
        marks: punctuation marks set apart, in surface order.
        owners: the unit that every such mark belongs to.
    """

    __slots__ = ("below", "marks", "members", "owners", "parent", "root", "top", "tree")

    def __init__(self, tree: WorkingTree) -> None:
        """Find the units of ``tree``, which is left as it is."""
        self.tree = tree
        tags, forms = tree.tags, tree.forms
        size = len(tags)
        if BRACKET_FORMS.isdisjoint(forms):
            self.marks = marks = [i for i, tag in enumerate(tags) if tag == "PUNCT"]
        else:
            self.marks = marks = [
                i for i, tag in enumerate(tags) if tag == "PUNCT" or (tag != "PROPN" and forms[i] in BRACKET_FORMS)
            ]
        self.top = top = list(range(size))
        self.below = below = [[] for _ in top]  # type: list[list[int]]
        self.members: dict[int, list[int]] = {}
        self.owners: list[int] = []
        self.root = -1
        heads = self.parent = tree.heads
        if len(marks) == size:
            self.top, self.owners = [-1] * size, [-1] * size
            return
        if marks:
            for mark in marks:
                top[mark] = -1
            if not set(marks).isdisjoint(heads) or top[heads.index(-1)] < 0:
                heads = self.parent = _heads_past_marks(heads, marks)
        joined = self._joined(heads)
        if joined:
            self._join(joined)
            self.parent = parent = [-1] * size
            for i, unit in enumerate(top):
                if unit == i and heads[i] >= 0:
                    parent[i] = top[heads[i]]
        else:
            parent = heads
        for i, above in enumerate(parent):
            if top[i] == i:
                if above < 0:
                    self.root = i
                else:
                    below[above].append(i)
        if joined:
            self._keep_inner_words()
        if marks:
            if joined:
                self._keep_inner_marks()
            for mark in self.marks:
                self.owners.append(top[heads[mark]] if heads[mark] >= 0 else self.root)

    def _joined(self, heads: Sequence[int]) -> list[tuple[int, int]]:
        """Return the words that are one unit with another, and that word."""
        tags, labels, top = self.tree.tags, self.tree.labels, self.top
        found = [
            (i, heads[i])
            for i, label in enumerate(labels)
            if (label in _JOINING or label[:5] == "flat:") and heads[i] >= 0 and top[i] >= 0
        ]
        if "PROPN" not in tags or _COMPOUND.isdisjoint(labels):
            return found
        for i, label in enumerate(labels):
            if label in _COMPOUND and tags[i] == "PROPN" and heads[i] >= 0:
                head = heads[i]
                if tags[head] == "PROPN":
                    found.append((i, head))
                elif i + 1 < head and tags[i + 1] == "PROPN" and labels[i + 1] in _COMPOUND and heads[i + 1] == head:
                    found.append((i, i + 1))  # West and Bank of "West Bank towns" hang on "towns" both
        return found

    def _join(self, joined: list[tuple[int, int]]) -> None:
        top = self.top
        for i, other in joined:
            top[i] = other
        for i, _ in joined:
            above = top[i]
            passed = [i]
            while top[above] != above:
                passed.append(above)
                above = top[above]
            for word in passed:
                top[word] = above
        for i, _ in joined:
            self.members.setdefault(top[i], [top[i]]).append(i)
        for members in self.members.values():
            members.sort()

    def _keep_inner_words(self) -> None:
        """Let a unit keep the dependents that stand, with all below them, between its words."""
        for unit, members in list(self.members.items()):
            if unit not in self.members or members[-1] - members[0] < len(members):
                continue
            first, last = members[0], members[-1]
            for dependent in list(self.below[unit]):
                if first < dependent < last:
                    words = self.words_below(dependent)
                    if first < min(words) and max(words) < last:
                        self.below[unit].remove(dependent)
                        for word in words:
                            self.top[word] = unit
                            self.parent[word] = -1
                            self.below[word] = []
                            self.members.pop(word, None)
                        members.extend(words)
            members.sort()

    def _keep_inner_marks(self) -> None:
        """Put marks between two words of one unit back into it, brackets and quotes both or neither."""
        top, marks = self.top, self.marks
        inside: dict[int, int] = {}
        before = _words_before(top)
        after = [len(top) - 1 - word for word in reversed(_words_before(top[::-1]))]
        for mark in marks:
            if before[mark] >= 0 and after[mark] < len(top) and top[before[mark]] == top[after[mark]]:
                inside[mark] = top[before[mark]]
        if not inside:
            return
        for opening, close in pairs(self.tree.forms, marks):
            unit = inside.get(opening, inside.get(close, -1))
            if unit >= 0 and inside.get(opening) != inside.get(close):
                first, last = self.members[unit][0], self.members[unit][-1]
                if first <= after[opening] <= last and first <= before[close] <= last:
                    inside[opening] = inside[close] = unit
                else:
                    inside.pop(opening, None)
                    inside.pop(close, None)
        for mark, unit in inside.items():
            top[mark] = unit
            self.members[unit].append(mark)
        for unit in set(inside.values()):
            self.members[unit].sort()
        self.marks = [mark for mark in marks if mark not in inside]

    def words_below(self, top: int) -> list[int]:
        """Return all words of the subtree of a unit, the unit included, in no particular order."""
        words: list[int] = []
        stack = [top]
        while stack:
            unit = stack.pop()
            words.extend(self.members.get(unit, (unit,)))
            stack.extend(self.below[unit])
        return words


def _words_before(top: list[int]) -> list[int]:
    """Return the last word before every token, -1 if there is none; marks have no unit."""
    found, last = [], -1
    for index, unit in enumerate(top):
        found.append(last)
        if unit >= 0:
            last = index
    return found


def _heads_past_marks(heads: list[int], marks: list[int]) -> list[int]:
    """Return heads such that nothing depends on a mark; a root that is a mark hands over to its first dependent."""
    apart = dict.fromkeys(marks, -2)  # the first word above every mark, -1 for none, -2 while it is not known
    for mark in marks:
        passed = []
        head = mark
        while head in apart and apart[head] == -2:
            passed.append(head)
            head = heads[head]
        for one in passed:
            apart[one] = apart.get(head, head)
    heads = [apart.get(head, head) for head in heads]
    roots = [i for i, head in enumerate(heads) if head < 0 and i not in apart]
    for i, head in enumerate(heads):
        if head < 0 and i != roots[0]:
            heads[i] = roots[0]
    return heads
