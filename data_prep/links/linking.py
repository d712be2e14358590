"""From sentence pairs to what training reads of them: pieces, where words begin, and which are linked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fairseq_alignmlm.identity import Identity

from ..randomness import generator
from ..text.tokenisation import Tokeniser
from ..vocabulary.mmap_dataset import EOS, EncodedLines, SymbolFile
from ..vocabulary.pieces import WordPieces
from .dictionary import LinkDictionary
from .filters import Link, kept_links, make_wrong
from .gold import RecordedDerivation, gold_links
from .pharaoh import parse_links
from .sentence_pairs import SentencePair

BLANK, LONG, UNLINKED = "pairs with a blank side", "pairs with a side of too many pieces", "pairs without a link"


@dataclass(frozen=True)
class LinkSettings:
    """How links are made.

    Attributes:
        languages: L1 and L2.
        tokeniser: of the text.
        model: the SentencePiece model, or tokenizer.
        tables: for each side, the symbols of every piece; None where pieces are symbols.
        symbols: ``dict.txt``.
        source: where links come from: the text's derivation, a dictionary (forth and back), or a Pharaoh file.
        texts: the two files, for messages.
        vocabulary: identity of the pair.
        most_pieces: of a sentence.
        wrong: share of links to exchange.
        seed: which these are.
        format: of a dictionary of words.
    """

    languages: tuple[str, str]
    tokeniser: str
    model: Path
    tables: tuple[Path | None, Path | None]
    symbols: Path
    source: RecordedDerivation | tuple[Path, Path | None] | Path
    texts: tuple[Path, Path]
    vocabulary: Identity
    most_pieces: int = 96
    wrong: float = 0.0
    seed: int = 1
    format: str = "auto"


class LinkedBlock(NamedTuple):
    """Some linked sentence pairs.

    Attributes:
        pieces: of either side, each line ending in ``</s>``.
        starts: of either side, the first piece of every word.
        links: word numbers of every pair, ``i0 j0 i1 j1 ...``.
        counts: pairs, links and words.
        dropped: what was left out, by reason.
    """

    pieces: tuple[EncodedLines, EncodedLines]
    starts: tuple[EncodedLines, EncodedLines]
    links: EncodedLines
    counts: Counter[str]
    dropped: Counter[str]


Linker = Callable[[SentencePair, Sequence[str], Sequence[str], Sequence[str], Sequence[str]], list[Link]]


def make_linker(settings: LinkSettings) -> Linker:
    """Return the function from a pair, its words and their pieces to its links, before any filter."""
    source = settings.source
    if isinstance(source, RecordedDerivation):
        transformation = source.transformation()
        return lambda pair, first, second, *_: gold_links(
            transformation, source.seed, first, second, pair.trees, settings.texts[1], pair.line
        )
    if isinstance(source, Path):
        return lambda pair, first, second, *_: parse_links(
            pair.links or "", (len(first), len(second)), source, pair.line
        )
    table = LinkDictionary.read(*source, settings.vocabulary, Counter(), settings.format)
    if table.pieces:
        return lambda pair, first, second, one, other: table.links(one, other)
    return lambda pair, first, second, *_: table.links(first, second)


def make_block_linker(settings: LinkSettings) -> Callable[[list[SentencePair]], LinkedBlock]:
    """Return the function that links and encodes a batch of pairs; called once in every process."""
    linker, symbols = make_linker(settings), SymbolFile(settings.symbols)
    tokenisers = [Tokeniser(language, settings.tokeniser) for language in settings.languages]
    tables = [WordPieces(settings.model, table) for table in settings.tables]

    def link(batch: list[SentencePair]) -> LinkedBlock:
        counts: Counter[str] = Counter(pairs=0, links=0, words=0)
        dropped: Counter[str] = Counter()
        rows: list[list[list[int]]] = [[], [], [], [], []]  # pieces, pieces, starts, starts, links
        sides = [
            [tokeniser.words(text) for text in texts]
            for tokeniser, texts in zip(
                tokenisers, zip(*((p.first, p.second) for p in batch), strict=True), strict=True
            )
        ]
        for table, texts in zip(tables, sides, strict=True):
            table.learn(sorted(set().union(*texts)))
        for pair, *words in zip(batch, *sides, strict=True):
            if not words[0] or not words[1]:
                dropped[BLANK] += 1
                continue
            seen = [[table[word] for word in side] for table, side in zip(tables, words, strict=True)]
            found = linker(pair, words[0], words[1], seen[0], seen[1])
            cut = [[symbol.split(" ") for symbol in side] for side in seen]
            if max(sum(map(len, side)) for side in cut) > settings.most_pieces:
                dropped[LONG] += 1
                continue
            links = kept_links(found, seen[0], seen[1], dropped)
            if not links:
                dropped[UNLINKED] += 1
                continue
            links, wrong = make_wrong(links, settings.wrong, generator(settings.seed, "wrong links", pair.line).random)
            counts.update({"pairs": 1, "links": len(links), "words": len(words[0]) + len(words[1])})
            if settings.wrong:
                counts["links made wrong"] += wrong
            for number, side in enumerate(cut):
                rows[number].append([symbols.indices[each] for word in side for each in word] + [EOS])
                rows[2 + number].append(np.cumsum([0, *map(len, side[:-1])]).tolist())
            rows[4].append([word for each in links for word in each])
        packed = [_packed(each) for each in rows]
        return LinkedBlock((packed[0], packed[1]), (packed[2], packed[3]), packed[4], counts, dropped)

    return link


def _packed(rows: list[list[int]]) -> EncodedLines:
    flat = np.array([number for row in rows for number in row], np.uint32)
    return EncodedLines(flat, np.array([len(row) for row in rows], np.int32))
