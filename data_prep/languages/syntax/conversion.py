"""From Universal Dependencies 2 to the labels, tags and attachments of version 1, on a throw-away tree.

The published ordering models know version 1 only. On version 1 trees the conversion changes nothing.
"""

from __future__ import annotations

from collections.abc import Set

from data_prep.languages.syntax.conllu import FORM, LABEL, LEMMA, UPOS, Sentence

_LABELS = {
    "obj": "dobj",
    "obl": "nmod",
    "obl:agent": "nmod",
    "nsubj:pass": "nsubjpass",
    "csubj:pass": "csubjpass",
    "aux:pass": "auxpass",
    "nsubj:outer": "nsubj",
    "csubj:outer": "csubj",
    "fixed": "mwe",
    "flat": "name",
    "flat:name": "name",
    "flat:foreign": "foreign",
    "nmod:desc": "compound",
    "orphan": "remnant",
    "advcl:relcl": "advcl",
}
_BASES = {"obj": "dobj", "obl": "nmod", "flat": "name", "fixed": "mwe", "orphan": "remnant"}
"""Version 2 labels under any other subtype, of any language."""
_BARE_NOUN_PHRASES = frozenset({"obl:tmod", "obl:npmod", "obl:unmarked", "nmod:unmarked", "nmod:npmod", "nmod:tmod"})
_NEGATIVE_ADVERBS = frozenset({"not", "n't", "never"})
# fmt: off
TIME_NOUNS = frozenset(
    {
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january",
        "february", "march", "april", "may", "june", "july", "august", "september", "october",
        "november", "december", "spring", "summer", "autumn", "fall", "winter", "season", "second",
        "minute", "hour", "day", "night", "morning", "afternoon", "evening", "noon", "midnight", "week",
        "weekend", "fortnight", "month", "quarter", "year", "decade", "century", "moment", "while",
        "time", "today", "yesterday", "tomorrow", "tonight", "date", "am", "pm", "a.m.", "p.m.",
    }
)
# fmt: on
"""Lemmas of English nouns that make a bare noun phrase one of time."""


class WorkingTree:
    """A tree that may be changed: tags, labels and heads as lists, 0-based, -1 for the root's head."""

    __slots__ = ("forms", "heads", "labels", "tags")

    def __init__(self, forms: list[str], tags: list[str], heads: list[int], labels: list[str]) -> None:
        """Keep the lists; they will be changed in place."""
        self.forms = forms
        self.tags = tags
        self.heads = heads
        self.labels = labels


def working_tree(sentence: Sentence) -> WorkingTree:
    """Return a tree that may be changed without touching ``sentence``."""
    rows = sentence.rows
    return WorkingTree(
        [row[FORM] for row in rows], [row[UPOS] for row in rows], list(sentence.heads), [row[LABEL] for row in rows]
    )


def _is_time(row: list[str]) -> bool:
    return row[LEMMA].lower() in TIME_NOUNS or row[FORM].lower() in TIME_NOUNS


def to_version_1(sentence: Sentence, known: Set[str] = frozenset()) -> WorkingTree:
    """Return the tree with version 1 labels, tags and attachments of ``cc`` and ``punct``.

    Args:
        sentence: a tree in version 2 (or 1, which stays as it is).
        known: labels of the ordering models; bare noun phrases become ``nmod:tmod`` and ``nmod:npmod`` only if
            they are among them, else ``nmod``.
    """
    tree = working_tree(sentence)
    tags, labels = tree.tags, tree.labels
    for index, label in enumerate(labels):
        new = _LABELS.get(label)
        if new is not None:
            labels[index] = new
        elif label in _BARE_NOUN_PHRASES:
            wanted = "nmod:tmod" if label[-5:] == ":tmod" or _is_time(sentence.rows[index]) else "nmod:npmod"
            labels[index] = wanted if wanted in known else "nmod"
        elif label == "advmod":
            row = sentence.rows[index]
            if row[LEMMA].lower() in _NEGATIVE_ADVERBS or row[FORM].lower() in _NEGATIVE_ADVERBS:
                labels[index] = "neg"
        elif label == "det":
            row = sentence.rows[index]
            if row[LEMMA].lower() == "no" or (row[LEMMA] == "_" and row[FORM].lower() == "no"):
                labels[index] = "neg"
        elif label == "cop":
            if tags[index] == "AUX":
                tags[index] = "VERB"
        elif ":" in label:
            base, _, subtype = label.partition(":")
            if base in _BASES:
                labels[index] = _BASES[base]
            elif base in ("nsubj", "csubj", "aux") and subtype == "pass":
                labels[index] = f"{base}pass"
        if tags[index] == "CCONJ":
            tags[index] = "CONJ"
    _raise_conjunctions(tree)
    return tree


def _raise_conjunctions(tree: WorkingTree) -> None:
    """Attach ``cc`` and ``punct`` left of a conjunct to the first conjunct, as version 1 does."""
    heads, labels = tree.heads, tree.labels
    if "conj" not in labels:
        return
    for index, label in enumerate(labels):
        if label in ("cc", "punct"):
            head = heads[index]
            while head > index and labels[head] == "conj":
                head = heads[head]
                heads[index] = head


def head_names_on_the_right(tree: WorkingTree) -> None:
    """Make the last word of every name its head, as version 1 of the English Web Treebank has it."""
    heads, labels = tree.heads, tree.labels
    parts: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        if label == "name" and heads[index] < index:
            parts.setdefault(heads[index], []).append(index)
    for first, rest in parts.items():
        last = rest[-1]
        heads[last], labels[last] = heads[first], labels[first]
        for index, head in enumerate(heads):
            if head == first and index != last:
                heads[index] = last
        heads[first], labels[first] = last, "name"
