"""A word form as it stands in a sentence, with everything its CoNLL-U line and its labels need."""

from __future__ import annotations


class Form:
    """One inflected word: text, lemma, tags, features, and its part in a named entity.

    ``columns`` holds the CoNLL-U columns FORM to FEATS, joined once so that writing a tree is cheap.
    """

    __slots__ = ("columns", "entity", "lemma", "text", "upos")

    def __init__(self, text: str, lemma: str, upos: str, xpos: str, features: str = "_", entity: str = "O") -> None:
        """Store the form.

        Args:
            text: the word as written.
            lemma: its dictionary form.
            upos: universal part of speech.
            xpos: Penn Treebank tag.
            features: UD features, ``Name=Value`` joined by ``|``, or ``_``.
            entity: IOB2 tag of the word: ``O``, or ``B-``/``I-`` with PER, ORG or LOC.
        """
        self.text = text
        self.lemma = lemma
        self.upos = upos
        self.entity = entity
        self.columns = f"{text}\t{lemma}\t{upos}\t{xpos}\t{features}"

    def capitalised(self) -> Form:
        """Return the same form as it begins a sentence."""
        if self.text[0].isupper():
            return self
        return _capitalised(self)

    def __repr__(self) -> str:
        return f"Form({self.text}/{self.upos})"


_CACHE: dict[int, tuple[Form, Form]] = {}


def _capitalised(form: Form) -> Form:
    known = _CACHE.get(id(form))
    if known is not None and known[0] is form:
        return known[1]
    _, lemma, upos, xpos, features = form.columns.split("\t")
    text = form.text[0].upper() + form.text[1:]
    capital = Form(text, lemma, upos, xpos, features, form.entity)
    _CACHE[id(form)] = (form, capital)
    return capital
