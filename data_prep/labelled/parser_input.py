"""The words of labelled data as a parser reads them: one sentence a line, words separated by one space.

Trees made of these lines, in their order, are those that ``xtreme`` takes for the data: its words are cut likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..text.tokenisation import Tokeniser
from .derivation import in_one_piece
from .pair_classification import sentences_of
from .sentence_pairs import read_pairs
from .tagged_sentences import SPLIT, read_tagged
from .tagging import TAGGING


def words_of(task: str, path: Path, language: str, tokeniser: str = "moses") -> Iterator[Sequence[str]]:
    """Yield the words of every sentence of a labelled file, both texts of a pair sentence by sentence.

    Args:
        task: udpos, panx, xnli or pawsx.
        path: the file, in XTREME's format, or CoNLL-U.
        language: of the text.
        tokeniser: how the texts of pairs are cut into words; tagged sentences come as words.

    Raises:
        InputError: the file is missing, or not of the task's format.
    """
    if task in TAGGING:
        for sentence in read_tagged(path, SPLIT, language):
            yield [in_one_piece(word) for word in sentence.words]
        return
    rules = Tokeniser(language, tokeniser)
    for pair in read_pairs(path):
        for side in (0, 1):
            for words in sentences_of(pair, side, rules):
                yield [in_one_piece(word) for word in words]
