"""Transliteration (section 3 of the paper): every piece of L1 gets a counterpart in a copied vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.counterparts import read_counterparts

from ..randomness import generator, sample
from ..vocabulary.bpe import UNKNOWN


def counterparts_of(pieces: Sequence[str], derived: str, overlap: float, seed: int) -> list[tuple[str, str]]:
    """Return every L1 symbol with its L2 symbol, in vocabulary order.

    Args:
        pieces: the non-special pieces of L1, in vocabulary order.
        derived: name of the derived language, put in front of the pieces it copies.
        overlap: share of the tokens that keep their script, 0 to 1 (Table 7).
        seed: which tokens those are; with a larger share, the tokens of a smaller one are among them.
    """
    kept = set(sample(len(pieces), round(overlap * len(pieces)), generator(seed, "overlap")))
    return [(piece, piece if i in kept else f"{derived}:{piece}") for i, piece in enumerate(pieces)]


def symbol_table(pieces: Sequence[str], counterparts: Mapping[str, str] | None = None) -> list[str]:
    """Return the symbol of every SentencePiece ID.

    Args:
        pieces: the piece of every ID, ``<unk>`` for special ones.
        counterparts: the symbol of every piece in a derived language; None for L1 itself.
    """
    if counterparts is None:
        return list(pieces)
    return [UNKNOWN if piece == UNKNOWN else counterparts[piece] for piece in pieces]


def read_counterpart_table(path: Path, pieces: Sequence[str]) -> dict[str, str]:
    """Read the counterparts that belong to a vocabulary, as a table.

    Args:
        path: counterparts.tsv.
        pieces: the piece of every ID, ``<unk>`` for special ones.

    Raises:
        InputError: they were made for another vocabulary.
    """
    pairs = read_counterparts(path)
    if [source for source, _ in pairs] != [piece for piece in pieces if piece != UNKNOWN]:
        raise InputError.at(path, None, "made for another vocabulary than spm.model", "run `encode` again")
    return dict(pairs)
