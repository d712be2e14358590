"""Whole sentences as instances of limited length: packed (appendix G.3), or each on its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLANK_LINE = 1  # a document boundary is binarized as a lone </s>
_WINDOW = 128  # sentences looked at together, because one at a time is slow


@dataclass(frozen=True)
class Packing:
    """Instances as runs of consecutive entries of `kept`.

    Attributes:
        kept: indices of the sentences (or pairs) that are used ``(M,)``, in the order in which they are packed.
        bounds: instance i holds ``kept[bounds[i]:bounds[i + 1]]``; ``(instances + 1,)``.
        blank: number of blank lines left out.
        too_long: number of sentences (or pairs) left out because they exceed the limit.
        too_short: number of pairs left out because a side is shorter than was asked for.
    """

    kept: np.ndarray
    bounds: np.ndarray
    blank: int
    too_long: int
    too_short: int = 0

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def instance(self, index: int) -> np.ndarray:
        """Return the sentences of an instance."""
        return self.kept[self.bounds[index] : self.bounds[index + 1]]


def pack(sizes: np.ndarray, limit: int, order: np.ndarray | None = None, look_ahead: int = 1) -> Packing:
    """Fill instances with whole sentences, one after the other while they fit.

    With a look-ahead, when the next sentence does not fit any more, the largest that does is taken from those that
    follow it. What was passed over begins the next instance.

    Args:
        sizes: lengths in tokens ``(S,)`` of sentences, or ``(S, 2)`` of the two sides of sentence pairs.
        limit: most tokens of an instance (of each side).
        order: the sentences to use, in this order; by default all, in file order.
        look_ahead: number of waiting sentences, the next one included, among which one that fits is sought, at least
            1: sentences then stay in their order (the paper); more leave less padding.

    Returns:
        The packing; sentences longer than the limit and blank lines are left out and counted.
    """
    sizes, order = _arguments(sizes, order)
    kept, blank, too_long = _usable(sizes, order, (sizes[order] > limit).any(1))
    taken, bounds = _fill(sizes[kept], limit, look_ahead)
    return Packing(kept[taken], bounds, blank, too_long)


def one_each(sizes: np.ndarray, limit: int, order: np.ndarray | None = None, shortest: int = 1) -> Packing:
    """Make every sentence, or every sentence pair, an instance of its own.

    Args:
        sizes: lengths in tokens, as for `pack`.
        limit: most tokens of an instance, both sides of a pair together.
        order: the sentences to use; by default all.
        shortest: least number of pieces of a side, ``</s>`` not included.

    Returns:
        The packing; what is longer than the limit or too short, and blank lines, are left out and counted.
    """
    sizes, order = _arguments(sizes, order)
    kept, blank, too_long = _usable(sizes, order, sizes[order].sum(1) > limit)
    enough = (sizes[kept] > shortest).all(1)
    kept, too_short = kept[enough], int((~enough).sum())
    return Packing(kept, np.arange(len(kept) + 1), blank, too_long, too_short)


def _arguments(sizes: np.ndarray, order: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return sizes as int64 ``(S, sides)``, and the order, by default that of the file."""
    sizes = np.asarray(sizes, dtype=np.int64)
    sizes = sizes[:, None] if sizes.ndim == 1 else sizes
    return sizes, np.arange(len(sizes)) if order is None else order


def _usable(sizes: np.ndarray, order: np.ndarray, exceeds: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Return the sentences of ``order`` to keep, the number of blank ones and of those that exceed the limit."""
    blank = (sizes[order] <= BLANK_LINE).any(1)
    too_long = ~blank & exceeds
    return order[~blank & ~too_long], int(blank.sum()), int(too_long.sum())


def _fill(sizes: np.ndarray, limit: int, look_ahead: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the order ``(M,)`` of packing sentences of ``sizes`` ``(M, sides)``, and the bounds of the instances."""
    order, bounds = [np.zeros(0, dtype=np.int64)], [0]
    window = max(_WINDOW, look_ahead)
    waiting, unseen, done = np.arange(min(window, len(sizes))), window, 0
    room = np.full(sizes.shape[1], limit)
    while len(waiting):
        used = np.cumsum(sizes[waiting], axis=0)
        run = int((used <= room).all(1).sum())  # lengths are positive: these are the first ones
        if run:
            chosen, waiting, room = waiting[:run], waiting[run:], room - used[run - 1]
        else:
            seen = sizes[waiting[:look_ahead]]
            fits = (seen <= room).all(1)
            if not fits.any():
                bounds.append(done)
                room = np.full(sizes.shape[1], limit)
                continue
            best = int(np.where(fits, seen.sum(1), 0).argmax())
            chosen, room = waiting[best : best + 1], room - sizes[waiting[best]]
            waiting = np.concatenate([waiting[:best], waiting[best + 1 :]])
        order.append(chosen)
        done += len(chosen)
        more = np.arange(unseen, min(unseen + len(chosen), len(sizes)))
        waiting, unseen = np.concatenate([waiting, more]), unseen + len(chosen)
    if done:
        bounds.append(done)
    return np.concatenate(order), np.array(bounds, dtype=np.int64)
