"""A tree seen as units: what moves as one, what hangs on what, and the punctuation set apart.

Names (``flat``, ``name``, compounds of proper nouns), fixed expressions and wrongly split words are one unit each.
Punctuation marks are taken out; a mark inside a unit stays there.
"""

from __future__ import annotations

from data_prep.languages.syntax.bracket_pairs import BRACKET_FORMS, pairs
from data_prep.languages.syntax.conversion import WorkingTree

_JOINING = frozenset({"flat", "name", "fixed", "mwe", "goeswith", "foreign"})
_COMPOUND = frozenset({"compound", "nmod:desc"})


class Units:
    """The units of a tree.

    A unit is named by the index of its head word, its *top*.

    Attributes:
        tree: the tree itself.
        root: top of the root's unit, -1 if the sentence has no words but marks.
        top: the unit of every word, -1 for marks set apart.
        parent: the top above every top, -1 for the root and for words that are no top.
        below: the tops below every top, in surface order.
        members: the words (and inner marks) of every unit of more than one, in surface order.
        marks: punctuation marks set apart, in surface order.
    """

    __slots__ = ("below", "marks", "members", "parent", "root", "top", "tree")

    def __init__(self, tree: WorkingTree) -> None:
        """Find the units of ``tree``, which is left as it is."""
        self.tree = tree
        tags, labels, forms = tree.tags, tree.labels, tree.forms
        size = len(tags)
        marks = [i for i, tag in enumerate(tags) if tag == "PUNCT" or (tag != "PROPN" and forms[i] in BRACKET_FORMS)]
        self.marks = marks
        self.top = top = list(range(size))
        self.parent = parent = [-1] * size
        self.below: list[list[int]] = [[] for _ in range(size)]
        self.members: dict[int, list[int]] = {}
        self.root = -1
        if len(marks) == size:
            self.top = [-1] * size
            return
        heads = _heads_past_marks(tree.heads, marks) if marks else tree.heads
        for mark in marks:
            top[mark] = -1
        joined = False
        for i, label in enumerate(labels):
            head = heads[i]
            if head < 0 or top[i] < 0:
                continue
            if label in _JOINING or label[:5] == "flat:":
                top[i] = head
                joined = True
            elif tags[i] == "PROPN" and label in _COMPOUND:
                if tags[head] == "PROPN":
                    top[i] = head
                    joined = True
                elif i + 1 < head and tags[i + 1] == "PROPN" and labels[i + 1] in _COMPOUND and heads[i + 1] == head:
                    top[i] = i + 1  # West and Bank of "West Bank towns" hang on "towns" both
                    joined = True
        if joined:
            self._join(heads)
        below = self.below
        for i in range(size):
            if top[i] == i:
                head = heads[i]
                if head < 0:
                    self.root = i
                else:
                    above = top[head]
                    parent[i] = above
                    below[above].append(i)
        if joined:
            self._keep_inner_words()
            if marks:
                self._keep_inner_marks()

    def _join(self, heads: list[int]) -> None:
        top = self.top
        for i in range(len(top)):
            above = top[i]
            if above >= 0 and above != i:
                while top[above] != above:
                    above = top[above]
                top[i] = above
                self.members.setdefault(above, [above]).append(i)
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
    """Return heads such that no word depends on a mark; a root that is a mark hands over to its first dependent."""
    heads = list(heads)
    apart = set(marks)
    new_root = -1
    root_is_mark = heads.index(-1) in apart
    for i in range(len(heads)):
        if i in apart:
            continue
        head = heads[i]
        while head in apart:
            head = heads[head]
        if head < 0 and root_is_mark:
            if new_root < 0:
                new_root = i
            else:
                head = new_root
        heads[i] = head
    return heads
