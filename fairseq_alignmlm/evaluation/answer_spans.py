"""From scores of first and last pieces to answers, over the windows of a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

CANDIDATES = 20  # first pieces, and last ones, that a window proposes, as in XTREME
LONGEST_ANSWER = 30  # pieces, as in XTREME


class Window(NamedTuple):
    """What a model says of one window of a context.

    Attributes:
        first: the first piece of the context in it.
        start: scores of its pieces as the first of the answer ``(N,)``.
        end: as the last of the answer ``(N,)``.
    """

    first: int
    start: np.ndarray
    end: np.ndarray


def best_span(windows: Sequence[Window]) -> tuple[int, int]:
    """Return the first and the last piece of the answer, the span with the largest sum of scores.

    A piece that several windows hold is looked at as a first piece only where it has most context on both sides
    (Devlin et al.'s rule for SQuAD). Spans of more than 30 pieces, or that end before they start, are none.

    Args:
        windows: of one question, in order.
    """
    home = _windows_of_most_context(windows)
    best: tuple[float, int, int] | None = None
    for number, window in enumerate(windows):
        starts = [piece for piece in _largest(window.start) if home[window.first + piece] == number]
        ends = _largest(window.end)
        spans = ((start, end) for start in starts for end in ends if start <= end < start + LONGEST_ANSWER)
        for start, end in spans:
            score = float(window.start[start] + window.end[end])
            if best is None or score > best[0]:
                best = (score, window.first + start, window.first + end)
    if best is None:  # no candidate fits another: the likeliest first piece alone
        number = max(range(len(windows)), key=lambda place: float(windows[place].start.max()))
        piece = windows[number].first + int(windows[number].start.argmax())
        return piece, piece
    return best[1], best[2]


def _largest(scores: np.ndarray) -> list[int]:
    order: list[int] = np.argsort(-scores, kind="stable")[:CANDIDATES].tolist()
    return order


def _windows_of_most_context(windows: Iterable[Window]) -> dict[int, int]:
    """Return for every piece of the context the window in which it has most context on its scarcer side."""
    found: dict[int, tuple[float, int]] = {}
    for number, window in enumerate(windows):
        length = len(window.start)
        for place in range(length):
            context = min(place, length - 1 - place) + 0.01 * length
            if window.first + place not in found or context > found[window.first + place][0]:
                found[window.first + place] = (context, number)
    return {piece: number for piece, (_, number) in found.items()}
