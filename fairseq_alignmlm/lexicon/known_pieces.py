"""Pieces as a vocabulary of fairseq numbers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairseq.data import Dictionary


def known_pieces(vocabulary: Dictionary) -> Callable[[str], int | None]:
    """Return the function from a piece to its index, or to None where the vocabulary lacks it."""

    def index_of(piece: str) -> int | None:
        index = vocabulary.index(piece)
        return None if index == vocabulary.unk() else index

    return index_of
