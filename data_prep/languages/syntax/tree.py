"""Facts about a tree given as the list of its heads (0-based, -1 for the root)."""

from __future__ import annotations

from collections.abc import Sequence


def find_cycle(heads: Sequence[int]) -> int | None:
    """Return a word from which the root cannot be reached, None if there is none."""
    safe = [False] * len(heads)
    for start in range(len(heads)):
        path: list[int] = []
        node = start
        while node >= 0 and not safe[node]:
            if len(path) > len(heads):
                return node
            path.append(node)
            node = heads[node]
        for node in path:
            safe[node] = True
    return None


def dependents(heads: Sequence[int]) -> list[list[int]]:
    """Return the dependents of every word, in surface order."""
    below: list[list[int]] = [[] for _ in heads]
    for index, head in enumerate(heads):
        if head >= 0:
            below[head].append(index)
    return below


def has_crossing_arcs(heads: Sequence[int]) -> bool:
    """Tell whether two arcs cross; the arc to the root counts as none."""
    arcs = sorted((min(i, head), max(i, head)) for i, head in enumerate(heads) if head >= 0)
    for number, (left, right) in enumerate(arcs):
        for other_left, other_right in arcs[number + 1 :]:
            if other_left >= right:
                break
            if left < other_left and other_right > right:
                return True
    return False
