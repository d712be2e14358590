"""Words to pieces: text repeats its words, so each is segmented once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ..languages.transliteration import read_counterpart_table, symbol_table
from .bpe import UNKNOWN, load, normaliser_of, pieces_of

REMEMBERED_WORDS = 1 << 17  # those seen first: the frequent ones are among them, and memory stays flat


class WordPieces(dict[str, str]):
    """The pieces of every word, as symbols separated by spaces.

    BPE pieces do not cross words, so a sentence's pieces are those of its words. A word that is nothing but
    invisible characters becomes ``<unk>``: every word has at least one piece.
    """

    def __init__(self, model: Path, counterparts: Path | None = None) -> None:
        """Load the model.

        Args:
            model: the SentencePiece model.
            counterparts: counterparts.tsv, for a derived language; None for L1.

        Raises:
            InputError: a file is missing, or the two do not belong together.
        """
        super().__init__()
        processor = load(model)
        pieces = pieces_of(processor)
        table = read_counterpart_table(counterparts, pieces) if counterparts else None
        self.symbols: Sequence[str] = symbol_table(pieces, table)
        self._normalise = normaliser_of(processor)
        self._encode_lines: Callable[[list[str]], list[list[int]]] | None = getattr(processor, "encode_lines", None)
        self._encode: Callable[[list[str]], list[list[int]]] = processor.encode

    def __missing__(self, word: str) -> str:
        (pieces,) = self._segmented([word])
        if len(self) < REMEMBERED_WORDS:
            self[word] = pieces
        return pieces

    def learn(self, words: Iterable[str]) -> None:
        """Segment the new ones of ``words`` in one go, which is much faster than one by one."""
        for late in list(islice(reversed(self), max(0, len(self) - REMEMBERED_WORDS))):
            del self[late]
        new = [word for word in words if word not in self]
        self.update(zip(new, self._segmented(new), strict=True))

    def encode(self, words: Iterable[str]) -> str:
        """Return the symbols of a sentence, separated by spaces; an imported tokenizer cuts it as a whole."""
        if self._encode_lines is not None:
            (indices,) = self._encode_lines([" ".join(words)])
            return " ".join([self.symbols[i] for i in indices]) or UNKNOWN
        return " ".join(map(self.__getitem__, words))

    def _segmented(self, words: list[str]) -> Iterator[str]:
        symbols = self.symbols
        for indices in self._encode([self._normalise(word) for word in words]):
            yield " ".join([symbols[i] for i in indices]) or UNKNOWN
