"""Sentences with a tag per word, for fine-tuning and prediction (NER, POS)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from fairseq.data.indexed_dataset import MMapIndexedDataset
from torch import Tensor

from fairseq_alignmlm.data.finetuning import FinetuningDataset
from fairseq_alignmlm.errors import InputError


class TaggedSentences(FinetuningDataset):
    """Collate ``<s> pieces </s>`` with the tag of each word on its first piece; long sentences are cut or split.

    Args:
        tokens: piece indices of each sentence, ending in ``</s>``.
        labels: as many label indices; padding on all but the first piece of a word.
        split_long: make several instances of a sentence that is too long, as XTREME does, instead of cutting it.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: when the two data sets do not match piece by piece.
    """

    def __init__(
        self, tokens: MMapIndexedDataset, labels: MMapIndexedDataset, split_long: bool = False, **settings: Any
    ) -> None:
        if len(tokens) != len(labels) or not np.array_equal(tokens.sizes, labels.sizes):
            raise InputError("the tokens and labels differ in length; run python -m data_prep xtreme again")
        self._tokens, self._labels = tokens, labels
        pieces = tokens.sizes.astype(np.int64) - 1  # without </s>
        self._line, self._first = np.arange(len(tokens)), np.zeros(len(tokens), dtype=np.int64)
        self._last = pieces
        if split_long:
            self._split(pieces, settings["max_length"] - 2, settings["padding_index"])
        super().__init__(self._last - self._first + 2, **settings)  # with <s> and </s>

    def _split(self, pieces: np.ndarray, room: int, padding: int) -> None:
        parts = []
        for line, length in enumerate(pieces.tolist()):
            bounds = [0, length]
            if length > room:
                starts = self._labels[line][:-1].ne(padding).nonzero()[:, 0].tolist()
                bounds = part_bounds(starts, length, room)
            parts += [(line, first, last) for first, last in itertools.pairwise(bounds)]
        self._line, self._first, self._last = np.array(parts, dtype=np.int64).reshape(-1, 3).T

    def line(self, index: int) -> int:
        """Return which sentence of the file an instance is, or is a part of."""
        return int(self._line[index])

    def words(self, index: int) -> int:
        """Return the number of words of an instance, those cut off included."""
        return int((self._piece_labels(index) != self._pad).sum())

    def _piece_labels(self, index: int) -> Tensor:
        return self._labels[self.line(index)][self._first[index] : self._last[index]]

    def __getitem__(self, index: int) -> dict[str, Any]:
        room = self._max_length - 2
        pieces = self._tokens[self.line(index)][self._first[index] : self._last[index]][:room]
        labels = self._piece_labels(index)[:room]
        border = torch.tensor([self._pad])
        return {
            "id": int(index),
            "tokens": torch.cat((torch.tensor([self._bos]), pieces, torch.tensor([self._eos]))),
            "labels": torch.cat((border, labels, border)),
        }

    def targets(self, samples: list[dict[str, Any]], length: int) -> Tensor:
        """Return label indices ``(B, T)``, padding where no tag is."""
        return self._stack([sample["labels"] for sample in samples], length)


def part_bounds(starts: Sequence[int], length: int, room: int) -> list[int]:
    """Part a sentence between words, as much as fits into every part.

    A single word that is longer than the room is a part of its own, which is then cut: its tag sits on its first piece.

    Args:
        starts: first piece of every word.
        length: pieces of the sentence.
        room: pieces of a part.

    Returns:
        Bounds of the parts: 0, ..., length.
    """
    bounds = [0]
    for start, end in itertools.pairwise([*starts, length]):
        if end - bounds[-1] > room and start > bounds[-1]:
            bounds.append(start)
    return [*bounds, length]
