"""Line-aligned text of two languages: pairs of lines, tokenised, with those of a blank side left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from ..text.tokenisation import Tokeniser
from ..vocabulary.pieces import WordPieces

BATCH_PAIRS = 2000


class LinePairs(NamedTuple):
    """Some pairs of lines in a row; ``first`` is the number of the first of them in the corpus, from 0."""

    first: int
    pairs: list[tuple[str, str]]


class EncodedPair(NamedTuple):
    """A pair as pieces separated by spaces, its number in the corpus and its words."""

    number: int
    pieces: tuple[str, str]
    words: tuple[int, int]


def read_pairs(files: Sequence[tuple[Path, Path]]) -> Iterator[LinePairs]:
    """Yield the pairs of several line-aligned corpora in batches, blank lines and all.

    Raises:
        InputError: two files differ in their number of lines, or one is missing or not UTF-8.
    """
    stream = (pair for first, second in files for pair in _aligned(first, second))
    number = 0
    while batch := list(islice(stream, BATCH_PAIRS)):
        yield LinePairs(number, batch)
        number += len(batch)


def make_pair_encoder(
    languages: tuple[str, str], tokeniser: str, model: Path, tables: tuple[Path | None, Path | None]
) -> Callable[[LinePairs], tuple[list[EncodedPair], Mapping[str, int]]]:
    """Return the function that tokenises and segments pairs and counts what it drops; called once in every process.

    Args:
        languages: of the two sides.
        tokeniser: ``moses`` or ``none``.
        model: the SentencePiece model.
        tables: for each side, the symbols of every piece; None where pieces are symbols.
    """
    sides = [
        (Tokeniser(language, tokeniser), WordPieces(model, table))
        for language, table in zip(languages, tables, strict=True)
    ]

    def encode(batch: LinePairs) -> tuple[list[EncodedPair], Mapping[str, int]]:
        encoded: list[EncodedPair] = []
        dropped: Counter[str] = Counter()
        both = [
            [tokens.words(line) for line in column]
            for (tokens, _), column in zip(sides, zip(*batch.pairs, strict=True), strict=True)
        ]
        for (_, pieces), column in zip(sides, both, strict=True):
            pieces.learn(set().union(*column))
        for number, words in enumerate(zip(*both, strict=True), batch.first):
            if not all(words):
                dropped["pairs with a blank side"] += 1
                continue
            first, second = (pieces.encode(side) for (_, pieces), side in zip(sides, words, strict=True))
            encoded.append(EncodedPair(number, (first, second), (len(words[0]), len(words[1]))))
        return encoded, dropped

    return encode


def _aligned(first: Path, second: Path) -> Iterator[tuple[str, str]]:
    for number, (one, two) in enumerate(zip_longest(*map(numbered_lines, (first, second)), fillvalue=None), 1):
        if one is None or two is None:
            short, long = (first, second) if one is None else (second, first)
            raise InputError.at(
                short, None, f"ends before line {number:,} of {long}", "line i of the one has to translate line i"
            )
        yield one.text, two.text
