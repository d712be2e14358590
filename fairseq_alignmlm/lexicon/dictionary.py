"""The bilingual dictionary: L1 pieces and their translations, read from a file and never drawn anew."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.rows import read_rows
from fairseq_alignmlm.storage import atomic_path

if TYPE_CHECKING:
    import numpy as np

SPECIAL_SYMBOLS = frozenset({"<s>", "<pad>", "</s>", "<unk>", "<mask>"})
USABLE_SHARE = 0.5  # with fewer known entries than this, the dictionary belongs to another vocabulary

logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One translation: pieces of L1, pieces of L2, and the 1-based line of the file it stands on."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class DictionaryIndices:
    """A dictionary as indices into an embedding matrix.

    Attributes:
        source: L1 pieces of every entry, of shape (N, K), int64, padded with -1.
        target: L2 pieces of every entry, of shape (N, K'), int64, padded with -1.
        weight: of shape (N,), float64: 1 / number of translations of the entry's L1 side. Several translations of
            one word so share the weight of one entry, and the weights sum to the number of distinct L1 sides.
        dropped: how many entries were left out, by reason.
    """

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    dropped: Mapping[str, int]

    def single_pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which entries have one piece only, on the L1 and on the L2 side: two of bool (N,)."""
        import numpy as np

        return np.all(self.source[:, 1:] < 0, axis=1), np.all(self.target[:, 1:] < 0, axis=1)


@dataclass(frozen=True)
class BilingualDictionary:
    """The usable entries of a dictionary file, in its order.

    Attributes:
        path: the file, for messages.
        entries: distinct entries with both sides filled and without special symbols.
        dropped: how many lines were left out, by reason.
    """

    path: Path
    entries: tuple[Entry, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> BilingualDictionary:
        """Read ``L1 pieces TAB L2 pieces`` lines; pieces are separated by spaces.

        Lines with a wrong column count, an empty side or a special symbol, and repeated entries, are left out and
        counted; the counts are logged as a warning.

        Raises:
            InputError: no file, not UTF-8, or nothing usable is left.
        """
        entries: dict[tuple[tuple[str, ...], tuple[str, ...]], Entry] = {}
        dropped: Counter[str] = Counter()
        first: tuple[int, str] | None = None
        for number, columns in read_rows(path):
            problem = _problem(columns)
            if problem is None:
                source, target = (_pieces(column) for column in columns)
                if (source, target) not in entries:
                    entries[source, target] = Entry(source, target, number)
                    continue
                problem = "repeated entry"
            dropped[problem] += 1
            first = first or (number, problem)
        if not entries:
            found = f"{first[1]}; no usable entry is left ({_counts(dropped)})" if first else "holds no entries"
            raise InputError.at(
                path,
                first[0] if first else None,
                found,
                "each line is: L1 pieces separated by spaces, TAB, L2 pieces separated by spaces",
            )
        if dropped:
            logger.warning("%s: left out %s; %d entries are used", path, _counts(dropped), len(entries))
        return cls(Path(path), tuple(entries.values()), dict(dropped))

    def to_indices(self, index_of: Callable[[str], int | None]) -> DictionaryIndices:
        """Translate pieces to indices; entries with an unknown piece are left out, counted and logged.

        Args:
            index_of: returns a piece's index (>= 0), or None for a piece that the vocabulary lacks.

        Raises:
            InputError: fewer than half of the entries are known to the vocabulary, which only happens when the
                dictionary was made for another one.
        """
        import numpy as np

        known: list[tuple[list[int], list[int]]] = []
        first_unknown: tuple[int, str] | None = None
        for entry in self.entries:
            source, target = _indices(entry.source, index_of), _indices(entry.target, index_of)
            if None not in source and None not in target:
                known.append((source, target))  # type: ignore[arg-type]
            elif first_unknown is None:
                pieces = (*entry.source, *entry.target)
                unknown = next(piece for piece, index in zip(pieces, source + target, strict=True) if index is None)
                first_unknown = entry.line, unknown
        if first_unknown is not None and len(known) < USABLE_SHARE * len(self.entries):
            line, piece = first_unknown
            raise InputError.at(
                self.path,
                line,
                f"made for another vocabulary: {piece!r} is unknown, and only {len(known):,} of "
                f"{len(self.entries):,} entries have all their pieces in the vocabulary",
                "make it again with `python -m data_prep dictionary` from this pair's counterparts.tsv",
            )
        dropped = {"unknown piece": len(self.entries) - len(known)} if first_unknown else {}
        if dropped:
            logger.warning("%s: left out %s; %d entries are used", self.path, _counts(dropped), len(known))
        translations = Counter(tuple(source) for source, _ in known)
        weight = np.array([1.0 / translations[tuple(source)] for source, _ in known], dtype=np.float64)
        return DictionaryIndices(_padded([s for s, _ in known]), _padded([t for _, t in known]), weight, dropped)


def single_tokens(path: str | Path, index_of: Callable[[str], int | None]) -> np.ndarray:
    """Return the indices of the L1 tokens that are an entry of a dictionary by themselves."""
    entries = BilingualDictionary.load(path).to_indices(index_of)
    return entries.source[entries.single_pieces()[0], 0]


def write_dictionary(path: str | Path, entries: Iterable[tuple[str, str]], comments: Iterable[str] = ()) -> None:
    """Write entries ``(L1 pieces, L2 pieces)``, each side a space-separated string, atomically."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(f"# {comment}\n" for comment in comments)
        handle.writelines(f"{source}\t{target}\n" for source, target in entries)


def _pieces(column: str) -> tuple[str, ...]:
    return tuple(filter(None, column.split(" ")))


def _problem(columns: list[str]) -> str | None:
    if len(columns) != 2:
        return f"{len(columns)} column{'s' if len(columns) > 1 else ''} instead of 2"
    sides = [_pieces(column) for column in columns]
    if not all(sides):
        return "empty side"
    if not SPECIAL_SYMBOLS.isdisjoint(sides[0] + sides[1]):
        return "special symbol"
    return None


def _counts(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} x {reason}" for reason, count in sorted(dropped.items()))


def _indices(pieces: tuple[str, ...], index_of: Callable[[str], int | None]) -> list[int | None]:
    return [index_of(piece) for piece in pieces]


def _padded(rows: list[list[int]]) -> np.ndarray:
    import numpy as np

    padded = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
    for row, indices in zip(padded, rows, strict=True):
        row[: len(indices)] = indices
    return padded
