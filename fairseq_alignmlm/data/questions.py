"""Questions with a context in which their answer stands, cut into overlapping windows where it is long."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.data.finetuning import FinetuningDataset, Lines
from fairseq_alignmlm.errors import InputError

LONGEST_QUESTION = 64  # pieces, as in XTREME
STRIDE = 128  # pieces between the starts of two windows, as in XTREME
BORDERS = 4  # <s> question </s></s> context </s>


class Questions(FinetuningDataset):
    """Collate ``<s> question </s></s> window </s>`` with the positions of the answer's first and last piece.

    A window without the whole answer has both at ``<s>``.

    Args:
        questions: piece indices of each question, ending in ``</s>``; what exceeds 64 pieces is cut.
        contexts: those of its context.
        answers: 1, the first and the last piece of the answer in the context; or 0 0 0 without one.
        stride: pieces between the starts of two windows of one context.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: when the three differ in their number of lines, or no piece of a context fits.
    """

    def __init__(
        self,
        questions: Lines,
        contexts: Lines,
        answers: Lines,
        stride: int = STRIDE,
        **settings: Any,
    ) -> None:
        if not len(questions) == len(contexts) == len(answers):
            raise InputError("the questions, contexts and answers differ in number; run data_prep xtreme again")
        super().__init__(
            self.cut_into_windows(questions, contexts, answers, stride, settings["max_length"]), **settings
        )

    def cut_into_windows(
        self,
        questions: Lines,
        contexts: Lines,
        answers: Lines,
        stride: int,
        max_length: int,
    ) -> np.ndarray:
        """Make the windows of some contexts the instances.

        Returns:
            Their lengths with question and special symbols ``(N,)``.

        Raises:
            InputError: no piece of a context fits.
        """
        self._questions, self._contexts, self._answers = questions, contexts, answers
        asked = np.minimum(questions.sizes.astype(np.int64) - 1, LONGEST_QUESTION)
        room = max_length - BORDERS - asked
        if room.min() < 1:
            raise InputError(f"--max-length {max_length}: leaves no room beside a question; give more")
        parts = [
            (line, first, last)
            for line, (length, fits) in enumerate(zip((contexts.sizes - 1).tolist(), room.tolist(), strict=True))
            for first, last in windows(length, fits, stride)
        ]
        self._line, self._first, self._last = np.array(parts, dtype=np.int64).T
        return asked[self._line] + self._last - self._first + BORDERS

    def line(self, index: int) -> int:
        """Return which question a window is of."""
        return int(self._line[index])

    def window(self, index: int) -> tuple[int, int]:
        """Return the first piece of the context that a window holds, and the first it does not."""
        return int(self._first[index]), int(self._last[index])

    def context_position(self, index: int) -> int:
        """Return the position of the window's first piece in its instance."""
        return int(self.sizes[index]) - 1 - int(self._last[index] - self._first[index])

    def __getitem__(self, index: int) -> dict[str, Any]:
        line, (first, last) = self.line(index), self.window(index)
        question, pieces = self._questions[line][:-1][:LONGEST_QUESTION], self._contexts[line][first:last]
        start, end = torch.tensor([self._bos]), torch.tensor([self._eos])
        place = self.context_position(index)
        has_answer, begin, final = self._answers[line].tolist()
        inside = bool(has_answer) and first <= begin and final < last
        ends = (begin - first + place, final - first + place) if inside else (0, 0)
        return {
            "id": int(index),
            "tokens": torch.cat((start, question, end, end, pieces, end)),
            "ends": ends,
            "context": place,
        }

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack windows as `FinetuningDataset` does.

        Returns:
            Further, ``answerable`` bool ``(B, T)``: ``<s>`` and the pieces of the context.
        """
        batch = super().collater(samples)
        if batch:
            places = torch.arange(batch["net_input"]["src_tokens"].size(1))
            first = torch.tensor([sample["context"] for sample in samples])[:, None]
            last = batch["net_input"]["src_lengths"][:, None] - 1
            batch["answerable"] = (places == 0) | ((places >= first) & (places < last))
        return batch

    def targets(self, samples: list[dict[str, Any]], length: int) -> Tensor:
        """Return the positions of the first and the last piece of each answer ``(B, 2)``."""
        return torch.tensor([sample["ends"] for sample in samples])


def windows(length: int, room: int, stride: int) -> list[tuple[int, int]]:
    """Return the windows of a context of so many pieces: each as long as fits, each ``stride`` pieces further.

    Args:
        length: of the context.
        room: of a window.
        stride: between their starts; no piece is passed over where it is larger than the room.
    """
    found = [(0, min(length, room))]
    while found[-1][1] < length:
        first = found[-1][0] + min(stride, room)
        found.append((first, min(length, first + room)))
    return found
