"""Sentences and words of running text."""

from __future__ import annotations

from .normalisation import normalise

TOKENISERS = ("moses", "none")


class Tokeniser:
    """Cut text into sentences (sentencex) and words (Moses rules, as in sacremoses)."""

    def __init__(self, language: str, kind: str = "moses") -> None:
        """Prepare the rules.

        Args:
            language: ISO 639-1 code; rules for English serve where a library knows the language not.
            kind: ``moses``, or ``none`` for text whose words are separated by spaces already.
        """
        import sentencex

        self.kind = kind
        self._segment = sentencex.segment
        self._language = language
        self._negations = language == "en"
        self._moses = None
        if kind == "moses":
            from sacremoses import MosesTokenizer

            self._moses = MosesTokenizer(language)

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of a paragraph."""
        return list(self._segment(self._language, text))

    def words(self, sentence: str) -> list[str]:
        """Return the words of a sentence; a final ``.``, ``!`` or ``?`` is a word of its own.

        The dot of an abbreviation (``U.S.``) stays with it, at the end of a sentence, too. English negations are cut
        as in Universal Dependencies: ``do n't``.
        """
        sentence = normalise(sentence)
        if self._moses is None:
            return sentence.split()
        words: list[str] = self._moses.tokenize(sentence, escape=False)
        if self._negations and "'t" in words:
            for i in range(1, len(words)):
                if words[i] == "'t" and words[i - 1].endswith("n") and len(words[i - 1]) > 1:
                    words[i - 1 : i + 1] = words[i - 1][:-1], "n't"
        return words
