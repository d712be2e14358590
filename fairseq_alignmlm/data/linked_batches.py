"""One batch of linked sentences for every update: which one depends on nothing but the number of the update."""

from __future__ import annotations

from typing import Any

import numpy as np

from fairseq_alignmlm.data.linked_sentences import LinkedSentences


class LinkedBatches:
    """An endless list of batches, one epoch after the other.

    Args:
        sentences: linked sentences.
        size: sentence pairs of a batch; fewer than that in all are one batch.
        micro_batches: most batches of a worker in one update.
    """

    def __init__(self, sentences: LinkedSentences, size: int, micro_batches: int = 1) -> None:
        self._sentences, self._size, self._micro_batches = sentences, size, micro_batches
        self._order: tuple[int, np.ndarray] = (0, np.empty(0, np.int64))
        self._length = len(sentences.epoch_order(1))
        self._update, self._taken = -1, 0

    def take(self, update: int, worker: int = 0, workers: int = 1) -> dict[str, Any]:
        """Return the next batch of an update: several workers get what several micro-batches of one would get.

        Args:
            update: its number.
            worker: number of this worker, from 0.
            workers: how many there are.
        """
        self._taken = self._taken + 1 if update == self._update else 0
        self._update = update
        return self.batch(update * self._micro_batches * workers + self._taken * workers + worker)

    def batch(self, number: int) -> dict[str, Any]:
        """Return a batch by its number from 0."""
        count = max(1, self._length // self._size)
        epoch, place = divmod(number, count)
        rows = self._epoch(epoch + 1)[place * self._size : (place + 1) * self._size]
        return self._sentences.collater([self._sentences[int(row)] for row in rows])

    def _epoch(self, epoch: int) -> np.ndarray:
        if self._order[0] != epoch:
            self._order = epoch, self._sentences.epoch_order(epoch)
        return self._order[1]
