"""From Universal Dependencies 2 to the labels, tags and attachments of version 1, on a throw-away tree.

The published ordering models know version 1 only. A sentence with a label or tag that only version 1 has, and none that
only version 2 has, stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import reduce
from operator import or_

from data_prep.languages.syntax.conllu import FEATURES, FORM, LABEL, LEMMA, UPOS, Sentence
from data_prep.languages.syntax.ordering_model import version_of

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
_BARE_NOUN_PHRASES = frozenset({"obl:tmod", "obl:npmod", "obl:unmarked", "nmod:unmarked"})
_BARE_IN_BOTH_VERSIONS = frozenset({"nmod:npmod", "nmod:tmod"})
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


# What has to be looked at in a word besides its tag and label, or says of which version its tree is.
_NEGATION, _BARE, _BARE_IF_NEW, _CONJUNCT, _ATTACHED, _OLD, _NEW = (1 << bit for bit in range(7))


class WorkingTree:
    """A tree that may be changed: tags, labels and heads as lists, 0-based, -1 for the root's head."""

    __slots__ = ("forms", "heads", "labels", "tags")

    def __init__(self, forms: Sequence[str], tags: list[str], heads: list[int], labels: list[str]) -> None:
        """Keep the lists; all but the forms may be changed in place."""
        self.forms = forms
        self.tags = tags
        self.heads = heads
        self.labels = labels


def working_tree(sentence: Sentence) -> WorkingTree:
    """Return a tree that may be changed without touching ``sentence``."""
    columns = sentence.columns
    return WorkingTree(columns[FORM], list(columns[UPOS]), list(sentence.heads), list(columns[LABEL]))


class _Kinds(dict[tuple[str, str], tuple[str, str, int]]):
    """For every UPOS and label those of version 1, and what else has to be done."""

    def __missing__(self, key: tuple[str, str]) -> tuple[str, str, int]:
        upos, label = key
        version = version_of(key)
        flags = {None: 0, 1: _OLD, 2: _NEW}[version]
        base, _, subtype = label.partition(":")
        new = _LABELS.get(label, label)
        if label in _BARE_NOUN_PHRASES:
            flags |= _BARE | _NEW
        elif label in _BARE_IN_BOTH_VERSIONS:
            flags |= _BARE_IF_NEW
        elif label in ("advmod", "det"):
            flags |= _NEGATION
        elif label in ("cc", "punct"):
            flags |= _ATTACHED
        elif new == label and subtype:
            if base in _BASES:
                new = _BASES[base]
                flags |= _NEW
            elif base in ("nsubj", "csubj", "aux") and subtype == "pass":
                new = f"{base}pass"
        if base == "conj":
            flags |= _CONJUNCT
        tag = "VERB" if label == "cop" and upos == "AUX" else "CONJ" if upos == "CCONJ" else upos
        self[key] = found = (tag, new, flags)
        return found


_KINDS = _Kinds()


def to_version_1(sentence: Sentence, known: Set[str] = frozenset(), language: str = "en") -> WorkingTree:
    """Return the tree with version 1 labels, tags and attachments of ``cc`` and ``punct``.

    Args:
        sentence: a tree in version 2 (or 1, which stays as it is).
        known: labels of the ordering models, if they matter; bare noun phrases become ``nmod:tmod`` and
            ``nmod:npmod`` only if they are among them, else ``nmod``; negations become ``neg`` likewise.
        language: of the text. English negations and nouns of time are known by their lemmas, negations of other
            languages by ``Polarity=Neg``.
    """
    columns = sentence.columns
    kinds = map(_KINDS.__getitem__, zip(columns[UPOS], columns[LABEL], strict=True))
    tags, new_labels, flags = zip(*kinds, strict=True)
    seen = reduce(or_, set(flags))
    if seen & _OLD and not seen & _NEW:
        return working_tree(sentence)
    labels = list(new_labels)
    tree = WorkingTree(columns[FORM], list(tags), list(sentence.heads), labels)
    if seen & _NEGATION and (not known or "neg" in known):
        for index, flag in enumerate(flags):
            if flag & _NEGATION and _is_negation(sentence.rows[index], language):
                labels[index] = "neg"
    bare = _BARE | (_BARE_IF_NEW if seen & _NEW else 0)
    if seen & bare:
        for index, flag in enumerate(flags):
            if flag & bare:
                of_time = columns[LABEL][index].endswith(":tmod") or _is_time(sentence.rows[index], language)
                wanted = "nmod:tmod" if of_time else "nmod:npmod"
                labels[index] = wanted if wanted in known else "nmod"
    if seen & _CONJUNCT and seen & _ATTACHED:
        _raise_conjunctions(tree)
    return tree


def _is_time(row: list[str], language: str) -> bool:
    return language == "en" and (row[LEMMA].lower() in TIME_NOUNS or row[FORM].lower() in TIME_NOUNS)


def _is_negation(row: list[str], language: str) -> bool:
    """Tell whether an adverb or determiner is what version 1 labels ``neg``."""
    if language != "en":
        return "Polarity=Neg" in row[FEATURES].split("|")
    if row[LABEL] == "advmod":
        return row[LEMMA].lower() in _NEGATIVE_ADVERBS or row[FORM].lower() in _NEGATIVE_ADVERBS
    return row[LEMMA].lower() == "no" or (row[LEMMA] == "_" and row[FORM].lower() == "no")


def _raise_conjunctions(tree: WorkingTree) -> None:
    """Attach ``cc`` and ``punct`` left of a conjunct to the first conjunct, as version 1 does."""
    heads, labels = tree.heads, tree.labels
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
