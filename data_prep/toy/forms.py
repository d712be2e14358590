"""A word form as it stands in a sentence, with everything its CoNLL-U line and its labels need."""

from __future__ import annotations


class Form:
    """One inflected word: text, lemma, tags, features, and its part in a named entity.

    ``columns`` holds the CoNLL-U columns FORM to FEATS, joined once so that writing a tree is cheap.
    """

    __slots__ = ("_capital", "columns", "entity", "lemma", "text", "upos")

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
        self._capital: Form | None = None
        self.columns = f"{text}\t{lemma}\t{upos}\t{xpos}\t{features}"

    def capitalised(self) -> Form:
        """Return the same form as it begins a sentence."""
        if self._capital is None:
            _, lemma, upos, xpos, features = self.columns.split("\t")
            text = self.text[0].upper() + self.text[1:]
            self._capital = self if text == self.text else Form(text, lemma, upos, xpos, features, self.entity)
        return self._capital

    def __repr__(self) -> str:
        return f"Form({self.text}/{self.upos})"
