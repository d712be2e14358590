"""Blocks of text to the symbols of their pieces, with numpy: the same text as word by word (:mod:`.pieces`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..languages.transliteration import read_counterpart_table, symbol_table
from ..text.line_blocks import LineBlock
from .bpe import UNKNOWN, load, normaliser_of, pieces_of
from .pieces import REMEMBERED_WORDS
from .pretrained import PretrainedProcessor

LINE_END = "\0"  # stands for a line's end among its words; SentencePiece never sees it
INVISIBLE = "\1"  # what a text's own NUL becomes: like it, it is left out of words


class LanguageBlock(NamedTuple):
    """Some lines of a language.

    Attributes:
        language: its name.
        lines: the lines.
        parity: 0 or 1: only lines with an even or odd number, counted from 1, are read; None: all.
    """

    language: str
    lines: LineBlock
    parity: int | None = None

    def text(self) -> str:
        """Return the lines as one text, without the last one's end."""
        text = self.lines.text().removesuffix("\n")
        if self.parity is None:
            return text
        return "\n".join(text.split("\n")[(self.lines.first_line + self.parity) % 2 :: 2])


class EncodedBlock(NamedTuple):
    """Encoded lines.

    Attributes:
        data: the lines as they are written.
        lines: how many there are.
        words: words in them.
        counts: how often every piece occurs, ``(V,)``, by SentencePiece ID.
    """

    data: bytes
    lines: int
    words: int
    counts: np.ndarray


class WordIndices(dict[str, int]):
    """A number for every word, with the IDs of its pieces; a word of invisible characters alone is unknown.

    Attributes:
        new: words that got a number and are not segmented yet.
    """

    def __init__(self, processor: Any) -> None:
        """Take a SentencePiece processor; number 0 is the end of a line, and its piece the ID after all others."""
        super().__init__({LINE_END: 0})
        self.new: list[str] = []
        self._processor = processor
        self._normalise = normaliser_of(processor)
        self._unknown = [processor.unk_id()]
        self._ids = np.array([len(processor)], np.int32)  # of all words, one after the other
        self._ends = np.array([1], np.int64)  # of every word, in _ids

    def __missing__(self, word: str) -> int:
        self.new.append(word)
        self[word] = index = len(self)
        return index

    def piece_ids(self, words: list[str]) -> np.ndarray:
        """Return the IDs of the pieces of all words, one after the other."""
        indices = np.fromiter(map(self.__getitem__, words), np.int64, len(words))
        self._segment()
        ends = self._ends[indices]
        sizes = ends - np.where(indices > 0, self._ends[indices - 1], 0)
        # What is to be added to a position among the pieces of all these words to get the position in _ids.
        shift = np.repeat(ends - np.cumsum(sizes), sizes)
        found: np.ndarray = self._ids[np.arange(len(shift)) + shift]
        self._forget()
        return found

    def _segment(self) -> None:
        """Segment the new words in one go, which is much faster than one by one."""
        if not self.new:
            return
        normalised = self._normalise("\n".join(self.new)).split("\n")
        self.new.clear()
        encoded = [ids or self._unknown for ids in self._processor.encode(normalised)]
        ids = np.fromiter(chain.from_iterable(encoded), np.int32)
        sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
        self._ends = np.concatenate([self._ends, self._ends[-1] + np.cumsum(sizes)])
        self._ids = np.concatenate([self._ids, ids])

    def _forget(self) -> None:
        while len(self) > REMEMBERED_WORDS:
            self.popitem()  # the latest
        self._ends = self._ends[: len(self)]
        self._ids = self._ids[: self._ends[-1]]


@dataclass(frozen=True)
class LanguageSymbols:
    """The symbols that pieces have in every language; read when first asked for, so once for all forked processes.

    Attributes:
        model: the SentencePiece model.
        tables: for every language, the symbols of its pieces; None where pieces are symbols.
    """

    model: Path
    tables: Mapping[str, Path | None]

    @cached_property
    def processor(self) -> Any:
        """The SentencePiece processor."""
        return load(self.model)

    @cached_property
    def by_language(self) -> dict[str, list[str]]:
        """For every language, the symbol of every SentencePiece ID, ``<unk>`` for special ones.

        Raises:
            InputError: a table was made for another vocabulary.
        """
        pieces = pieces_of(self.processor)
        return {
            language: symbol_table(pieces, read_counterpart_table(table, pieces) if table else None)
            for language, table in self.tables.items()
        }

    def joint(self) -> list[str]:
        """Return the symbols of all languages, the first language's first, each in vocabulary order.

        Symbols that the text never uses are there, too: a derived vocabulary is a full copy of the first.
        """
        return [symbol for symbol in dict.fromkeys(chain(*self.by_language.values())) if symbol != UNKNOWN]


def make_block_encoder(symbols: LanguageSymbols) -> Callable[[LanguageBlock], EncodedBlock]:
    """Return the function that encodes a block of text; called once in every process.

    All languages share the segmentation: it is that of the model, whatever the symbols are.
    """
    spelled = {language: [*known, "\n"] for language, known in symbols.by_language.items()}
    if isinstance(symbols.processor, PretrainedProcessor):
        return partial(_encode_whole_lines, symbols.processor, spelled)
    word_indices = WordIndices(symbols.processor)

    def encode_block(block: LanguageBlock) -> EncodedBlock:
        text = block.text().replace(LINE_END, INVISIBLE)
        words = text.replace("\n", f" {LINE_END} ").split()
        words.append(LINE_END)
        ids = word_indices.piece_ids(words)
        counts = np.bincount(ids, minlength=len(symbols.processor) + 1)
        lines = int(counts[-1])
        data = " ".join(map(spelled[block.language].__getitem__, ids.tolist())).encode()
        data = data.replace(b" \n", b"\n").replace(b"\n ", b"\n")
        return EncodedBlock(data, lines, len(words) - lines, counts[:-1])

    return encode_block


def _encode_whole_lines(
    processor: PretrainedProcessor, spelled: Mapping[str, list[str]], block: LanguageBlock
) -> EncodedBlock:
    """Encode lines as the tokenizer of an imported model cuts them, which may look across words."""
    lines = block.text().split("\n")
    unknown = [processor.unk_id()]
    rows = [
        ids or (unknown if line.strip() else ids)
        for line, ids in zip(lines, processor.encode_lines(lines), strict=True)
    ]
    counts = np.bincount(np.fromiter(chain.from_iterable(rows), np.int64), minlength=len(processor))
    symbol = spelled[block.language].__getitem__
    data = "".join(" ".join(map(symbol, ids)) + "\n" for ids in rows).encode()
    return EncodedBlock(data, len(lines), sum(len(line.split()) for line in lines), counts)
