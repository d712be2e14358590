"""Labelled data in two languages: parts of an instance come from its translation (Pan et al. 2021, fine-tuning)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from fairseq_alignmlm.data.finetuning import Lines
from fairseq_alignmlm.data.masking import generator
from fairseq_alignmlm.data.questions import Questions
from fairseq_alignmlm.data.sentence_pairs import SentencePairs
from fairseq_alignmlm.errors import InputError

_SWITCHING = 3  # what tells these draws from others of the same seed and epoch
AGAIN = "give the same data in another language, line by line"


class MixedLines:
    """Lines of which some are those of another language.

    Args:
        own: lines in one language.
        other: the same in another.
        chosen: where the other's are taken, bool ``(N,)``.
    """

    def __init__(self, own: Lines, other: Lines, chosen: np.ndarray) -> None:
        self._own, self._other, self._chosen = own, other, chosen
        self.sizes = np.where(chosen, other.sizes, own.sizes)

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, index: int) -> Tensor:
        return (self._other if self._chosen[index] else self._own)[index]


class SwitchedPairs(SentencePairs):
    """Sentence pairs of which each sentence, independently, is in the other language with a probability (XNLI).

    Which are is a function of (seed, epoch).

    Args:
        own: premises, hypotheses and labels in one language.
        other: the same in another.
        share: the probability.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: the two differ in their number of lines, or in a label.
    """

    def __init__(
        self, own: tuple[Lines, Lines, Lines], other: tuple[Lines, Lines, Lines], share: float, **settings: Any
    ) -> None:
        _require_lines(own, other)
        different = [line for line in range(len(own[2])) if own[2][line][0] != other[2][line][0]]
        if different:
            what = f"line {different[0] + 1} and {len(different) - 1:,} others have other labels"
            raise InputError(f"--code-switch-data: {what}; {AGAIN}")
        super().__init__(*own, **settings)
        self._own, self._translated, self._share = own, other, share
        self.set_epoch(1)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that order and languages belong to."""
        super().set_epoch(epoch)
        self.switched = generator(self._seed, epoch, _SWITCHING).random((len(self._own[0]), 2)) < self._share
        first, second = (MixedLines(self._own[side], self._translated[side], self.switched[:, side]) for side in (0, 1))
        self._first, self._second = first, second
        self.sizes = np.minimum(first.sizes.astype(np.int64) + second.sizes.astype(np.int64) + 2, self._max_length)


class SwitchedQuestions(Questions):
    """Questions of which some, by a probability, have either the question or the context in the other language.

    The answer is that of the context's language. A context stays where the two do not both have an answer.

    Args:
        own: questions, contexts and answers in one language.
        other: the same in another.
        share: the probability; question and context are then equally likely.
        stride: see `Questions`.
        settings: see `FinetuningDataset`.

    Raises:
        InputError: the two differ in their number of lines; or as `Questions`.
    """

    def __init__(
        self,
        own: tuple[Lines, Lines, Lines],
        other: tuple[Lines, Lines, Lines],
        share: float,
        stride: int,
        **settings: Any,
    ) -> None:
        _require_lines(own, other)
        super().__init__(*own, stride=stride, **settings)
        self._own, self._translated, self._share, self._stride = own, other, share, stride
        answers = (np.array([int(lines[line][0]) for line in range(len(lines))]) for lines in (own[2], other[2]))
        self._both_answered = np.equal(*answers)
        self.set_epoch(1)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that order and languages belong to."""
        super().set_epoch(epoch)
        draws = generator(self._seed, epoch, _SWITCHING).random((len(self._own[0]), 2))
        chosen, asks = draws[:, 0] < self._share, draws[:, 1] < 0.5
        question, context = chosen & asks, chosen & ~asks & self._both_answered
        self.switched = np.stack([question, context], 1)
        questions, contexts, answers = (
            MixedLines(own, other, where)
            for own, other, where in zip(self._own, self._translated, (question, context, context), strict=True)
        )
        lengths = self.cut_into_windows(questions, contexts, answers, self._stride, self._max_length)
        self.sizes = np.minimum(lengths, self._max_length)


def _require_lines(own: tuple[Lines, ...], other: tuple[Lines, ...]) -> None:
    if {len(lines) for lines in own} != {len(lines) for lines in other}:
        what = f"has {len(other[0]):,} lines, the data {len(own[0]):,}"
        raise InputError(f"--code-switch-data: {what}; {AGAIN}")
