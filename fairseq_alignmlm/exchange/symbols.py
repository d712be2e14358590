"""The rows of a fairseq vocabulary and the ids of a Hugging Face tokenizer.

fairseq has ``<s> <pad> </s> <unk>`` first and, in this package, ``<mask>`` last. Others have them anywhere, so rows are
permuted; the rest keeps its order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.vocabulary import MASK
from fairseq_alignmlm.lexicon.vocabulary import SPECIAL as FIRST_SYMBOLS

FIRST = ("bos", "pad", "eos", "unk")
SPECIAL = (*FIRST_SYMBOLS, MASK)
FILLER = "madeupword"  # fairseq's name for rows that no symbol has


@dataclass(frozen=True)
class RowOrder:
    """Which id every row of a fairseq vocabulary has on the other side.

    Attributes:
        ids: the id of every row, ``(V,)``; a permutation of 0..V-1.
        symbols: what stands in ``dict.txt`` for rows 4..V-2.
        fillers: ids that no token has.
        respelled: tokens that cannot stand in ``dict.txt`` as they are.
    """

    ids: tuple[int, ...]
    symbols: tuple[str, ...]
    fillers: int
    respelled: int

    @property
    def is_identity(self) -> bool:
        """Whether both sides number alike."""
        return self.ids == tuple(range(len(self.ids)))

    def rows(self) -> list[int]:
        """Return the row of every id ``(V,)``."""
        found = [0] * len(self.ids)
        for row, number in enumerate(self.ids):
            found[number] = row
        return found

    def symbol_of_id(self) -> list[str]:
        """Return the symbol of every id ``(V,)``, the special ones included."""
        by_row = [*SPECIAL[:4], *self.symbols, SPECIAL[4]]
        return [by_row[row] for row in self.rows()]


def row_order(vocabulary: Mapping[str, int], size: int, special: Mapping[str, str], path: Path) -> RowOrder:
    """Decide the order of the rows.

    Args:
        vocabulary: the id of every token.
        size: rows of the embeddings V.
        special: the token that serves as ``bos``, ``pad``, ``eos``, ``unk`` and ``mask``.
        path: of the tokenizer, for messages.

    Raises:
        InputError: when a special token is missing, two have one id, or an id has no row.
    """
    tokens: list[str | None] = [None] * size
    for token, number in sorted(vocabulary.items(), key=lambda item: item[1]):
        if not 0 <= number < size:
            what = f"token {token!r} has id {number}, the model {size:,} rows"
            raise InputError.at(path, None, what, "give the tokenizer of this model")
        if tokens[number] is not None:
            raise InputError.at(path, None, f"{token!r} and {tokens[number]!r} have one id", "get the folder again")
        tokens[number] = token
    found = {}
    for use, token in special.items():
        if token not in vocabulary:
            raise InputError.at(path, None, f"has no token {token!r}, which serves as {use}", "get the folder again")
        found[use] = vocabulary[token]
    if len(set(found.values())) != len(found):
        raise InputError.at(path, None, f"special tokens share an id: {found}", "a model needs five different ones")
    taken = set(found.values())
    rest = [number for number in range(size) if number not in taken]
    ids = (*(found[use] for use in FIRST), *rest, found["mask"])
    symbols, respelled = _symbols([tokens[number] for number in rest])
    return RowOrder(ids, tuple(symbols), sum(token is None for token in tokens), respelled)


def can_stand_in_dict(token: str) -> bool:
    """Tell whether a token can be a symbol of ``dict.txt`` and of lines of symbols separated by spaces."""
    if token.isprintable():  # which neither controls nor separators are, but for the space
        return bool(token) and " " not in token and token not in SPECIAL
    return not token.isascii() and not any(map(_is_unfit, token))


_UNFIT = ("Cc", "Cs", "Zl", "Zp", "Zs")


def _symbols(tokens: Sequence[str | None]) -> tuple[list[str], int]:
    """Spell tokens so that they can stand in ``dict.txt``, each differently."""
    taken = {token for token in tokens if token is not None}
    symbols: list[str] = []
    respelled = fillers = 0
    for token in tokens:
        if token is None:
            symbol = f"{FILLER}{fillers:04d}"
            fillers += 1
        elif can_stand_in_dict(token):
            symbols.append(token)
            continue
        else:
            symbol = "".join(f"<{ord(character):04X}>" if _is_unfit(character) else character for character in token)
            symbol = symbol if can_stand_in_dict(symbol) else f"<token:{symbol.strip('<>') or 'empty'}>"
            respelled += 1
        while symbol in taken:
            symbol += "'"
        taken.add(symbol)
        symbols.append(symbol)
    return symbols, respelled


def _is_unfit(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in _UNFIT
