"""Which side of a dictionary is which language, and how much of the text it speaks of, by counting pieces."""

from __future__ import annotations

import numpy as np

TELLING = float(np.log(2.0))  # an entry says which side is which where one way is twice as likely as the other


def direction_votes(
    source_NK: np.ndarray, target_NK: np.ndarray, first_V: np.ndarray, second_V: np.ndarray
) -> tuple[int, int]:
    """Count the entries that are more likely as they stand, and those that are more likely the other way round.

    An entry is as likely as its pieces are in the texts of the two languages, each piece by itself.

    Args:
        source_NK: the pieces on the left side of every entry ``(N, K)``, -1 for none.
        target_NK: those on the right side ``(N, K')``.
        first_V: how often each symbol occurs in the text of the language of the left side ``(V,)``.
        second_V: the same for the right side ``(V,)``.

    Returns:
        The two counts. Entries that occur in neither text, or alike in both, count for neither.
    """
    sizes = max(1, int(first_V.sum())), max(1, int(second_V.sum()))
    # What does not occur is equally unlikely in a long text and in a short one.
    unseen = 0.5 / min(sizes)
    logs = [np.log(counts / size + unseen) for counts, size in zip((first_V, second_V), sizes, strict=True)]
    margin = _sums(source_NK, logs[0] - logs[1]) - _sums(target_NK, logs[0] - logs[1])
    return int((margin > TELLING).sum()), int((margin < -TELLING).sum())


def coverage(pieces: np.ndarray, counts_V: np.ndarray) -> float:
    """Return the share of a text, 0 to 1, that consists of given pieces.

    Args:
        pieces: symbols, -1 for none, of any shape.
        counts_V: how often each symbol occurs in the text ``(V,)``.
    """
    found = np.unique(pieces[pieces >= 0])
    return float(counts_V[found].sum() / max(1, counts_V.sum()))


def _sums(index_NK: np.ndarray, values_V: np.ndarray) -> np.ndarray:
    """Sum the values of each row's symbols ``(N,)``; -1 is no symbol."""
    return np.where(index_NK >= 0, values_V[index_NK.clip(min=0)], 0.0).sum(1)
