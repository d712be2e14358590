"""Where in a text its pieces stand, in characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError

from ..text.normalisation import SPACE_SYMBOL, normalise
from ..vocabulary.bpe import UNKNOWN, load
from ..vocabulary.pieces import WordPieces

_WORD = re.compile(r"\S+")


class Piece(NamedTuple):
    """A symbol of the vocabulary, and where in the text it begins and ends."""

    symbol: str
    begin: int
    end: int


class PieceOffsets:
    """Cut text into the pieces of its words, as `WordPieces`, with their places.

    Args:
        model: the SentencePiece model.
        symbols: table of a language with symbols of its own, else None.

    Raises:
        InputError: there is no such model, or it is no SentencePiece model.
    """

    def __init__(self, model: Path, symbols: Path | None) -> None:
        self._processor = load(model)
        if hasattr(self._processor, "encode_lines"):
            remedy = "question answering takes checkpoints with a SentencePiece model, such as XLM-R's"
            raise InputError.at(model, None, "an imported tokenizer does not tell where its pieces stand", remedy)
        self._symbols = WordPieces(model, symbols).symbols

    def __call__(self, text: str) -> list[Piece]:
        """Return the pieces of a text, words being separated by white space."""
        return [piece for word in _WORD.finditer(text) for piece in self._word(word[0], word.start())]

    def _word(self, word: str, start: int) -> Iterator[Piece]:
        clean = normalise(word)
        indices = self._processor.encode(clean)
        if not indices:
            yield Piece(UNKNOWN, start, start + len(word))
            return
        surfaces = [piece.replace(SPACE_SYMBOL, "") for piece in self._processor.encode(clean, out_type=str)]
        for index, (begin, end) in zip(indices, piece_places(word, surfaces), strict=True):
            yield Piece(self._symbols[index], start + begin, start + end)


def piece_places(word: str, surfaces: list[str]) -> list[tuple[int, int]]:
    """Return where the surfaces of a word's pieces stand in it.

    Pieces are of the normalised word. Where that cannot be followed character by character, as when an accent that
    stands alone is put onto its letter, every piece stands for the whole word.

    Args:
        word: as it is written.
        surfaces: of its pieces, without the sign of a space; together the word, normalised.
    """
    joined = "".join(surfaces)
    origin: list[int] = []  # of each character of the normalised word, its place in the word
    for normal in (lambda character: character, normalise, lambda character: unicodedata.normalize("NFKC", character)):
        parts = [normal(character) for character in word]
        if "".join(parts) == joined:
            origin = [place for place, part in enumerate(parts) for _ in part]
            break
    else:
        return [(0, len(word))] * len(surfaces)
    places, done = [], 0
    for surface in surfaces:
        first = origin[done] if done < len(origin) else len(word)
        done += len(surface)
        last = origin[done - 1] + 1 if surface else first
        places.append((first, last))
    return places
