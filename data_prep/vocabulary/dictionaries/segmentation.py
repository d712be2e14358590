"""Words as pieces of the joint vocabulary, cut by the vocabulary's own SentencePiece model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from ..bpe import load, normaliser_of


class Segmenter:
    """Cut words into pieces and say which words the vocabulary cannot spell.

    Args:
        model: ``spm.model``, or the ``tokenizer.json`` of an imported model.
        vocabulary: the symbols of ``dict.txt``.
        symbols: the symbol of every piece, in a language that has symbols of its own; None where pieces are symbols.

    Raises:
        InputError: no such file, or not a SentencePiece model.
    """

    def __init__(self, model: Path, vocabulary: frozenset[str], symbols: Mapping[str, str] | None = None) -> None:
        if not model.is_file():
            raise InputError.at(model, None, "no such file", "give the spm.model of the vocabulary")
        self._processor = load(model)
        self._normalise = normaliser_of(self._processor)
        self._vocabulary = vocabulary
        self._symbols = symbols

    def pieces(self, word: str) -> tuple[str, ...] | None:
        """Return the symbols of ``word``, () for a word of nothing, None when the vocabulary lacks one of them."""
        pieces = tuple(self._processor.encode(self._normalise(word), out_type=str))
        if self._symbols is not None:
            pieces = tuple(self._symbols.get(piece, "") for piece in pieces)
        return pieces if self._vocabulary.issuperset(pieces) else None
