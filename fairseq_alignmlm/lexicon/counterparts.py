"""The counterparts of a derived vocabulary: which L2 symbol every L1 symbol became."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.rows import read_rows
from fairseq_alignmlm.storage import atomic_path


def read_counterparts(path: str | Path) -> list[tuple[str, str]]:
    """Return ``(L1 symbol, L2 symbol)`` of every non-special token of V1, in vocabulary order.

    A token that keeps its script (vocabulary overlap) has the same symbol on both sides.

    Raises:
        InputError: a line has not two symbols, an L1 or an L2 symbol occurs twice, or there is no line.
    """
    pairs: list[tuple[str, str]] = []
    sources: set[str] = set()
    targets: set[str] = set()
    for number, columns in read_rows(path):
        if len(columns) != 2 or not all(columns):
            raise InputError.at(
                path, number, f"{len([c for c in columns if c])} symbols instead of 2 columns", "run `encode` again"
            )
        source, target = columns
        if source in sources or target in targets:
            symbol = source if source in sources else target
            raise InputError.at(path, number, f"{symbol!r} occurs a second time", "run `encode` again")
        sources.add(source)
        targets.add(target)
        pairs.append((source, target))
    if not pairs:
        raise InputError.at(path, None, "holds no counterparts", "run `encode` again")
    return pairs


def write_counterparts(path: str | Path, pairs: Iterable[tuple[str, str]], comments: Iterable[str] = ()) -> None:
    """Write counterparts, atomically.

    Args:
        path: the file.
        pairs: ``(L1 symbol, L2 symbol)``, in vocabulary order.
        comments: lines for the top, without ``#`` and without TAB.
    """
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(f"# {comment}\n" for comment in comments)
        handle.writelines(f"{source}\t{target}\n" for source, target in pairs)
