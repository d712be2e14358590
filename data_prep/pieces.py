"""Words to pieces, fast: text repeats its words, so each is segmented once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from .line_blocks import LineBlock
from .normalisation import normalise
from .transliteration import read_counterpart_table, symbol_table
from .vocabulary import UNKNOWN, load, pieces_of

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
        """Return the symbols of a sentence, separated by spaces."""
        return " ".join(map(self.__getitem__, words))

    def _segmented(self, words: list[str]) -> Iterator[str]:
        symbols = self.symbols
        for indices in self._encode([normalise(word) for word in words]):
            yield " ".join([symbols[i] for i in indices]) or UNKNOWN


class EncodedBlock(NamedTuple):
    """Encoded lines.

    Attributes:
        data: the lines as they are written.
        lines: how many there are.
        words: words in them.
        counts: how often every symbol occurs.
    """

    data: bytes
    lines: int
    words: int
    counts: Mapping[str, int]


def make_block_encoder(model: Path, counterparts: Path | None) -> Callable[[LineBlock], EncodedBlock]:
    """Return the function that encodes a block of text; called once in every process."""
    word_pieces = WordPieces(model, counterparts)

    def encode_block(block: LineBlock) -> EncodedBlock:
        words = [line.split() for line in block.lines()]
        word_counts = Counter(chain.from_iterable(words))
        word_pieces.learn(word_counts)
        lines = [word_pieces.encode(sentence) for sentence in words]
        counts: Counter[str] = Counter()
        for word, count in word_counts.items():
            for piece in word_pieces[word].split(" "):
                counts[piece] += count
        return EncodedBlock(("\n".join(lines) + "\n").encode(), len(lines), word_counts.total(), counts)

    return encode_block
