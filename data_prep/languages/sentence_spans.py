"""Where the sentences of a line of words end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

FINAL_MARKS = frozenset(".!?")


def sentence_spans(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield ``(start, end, stop)`` for every sentence of a line.

    ``words[start:end]`` are its words and ``words[end:stop]`` its final marks: one or more of ``. ! ?`` in a row,
    none when the line ends without one. The slices ``start:stop`` cover the line.
    """
    start, length = 0, len(words)
    while start < length:
        end = start
        while end < length and words[end] not in FINAL_MARKS:
            end += 1
        stop = end
        while stop < length and words[stop] in FINAL_MARKS:
            stop += 1
        yield start, end, stop
        start = stop
