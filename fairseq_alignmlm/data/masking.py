"""The corruption of masked language modelling (BERT's 80/10/10), as a pure function of a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MaskingRates:
    """Probabilities of the corruption.

    Attributes:
        select: share of the non-special tokens to predict.
        keep: share of the selected that stay as they are.
        random: share of the selected that become a random token; the rest becomes ``<mask>``.
    """

    select: float = 0.15
    keep: float = 0.1
    random: float = 0.1


@dataclass(frozen=True)
class MaskingSchedule:
    """A share of tokens to predict that changes linearly from epoch to epoch (Ankner et al. 2023: 30 to 15 %).

    A larger share only adds to the tokens that a smaller one selects, because both are thresholds on the same draw.

    Attributes:
        last: the share from epoch ``epochs`` on.
        epochs: number of the first epoch with the last share, at least 2.
    """

    last: float
    epochs: int

    def share(self, first: float, epoch: int) -> float:
        """Return the share of an epoch, counted from 1, when the first has the share ``first``."""
        return first + (self.last - first) * min(1.0, (epoch - 1) / (self.epochs - 1))


def generator(*key: int) -> np.random.Generator:
    """Return a random generator that depends on ``key`` only, for example (seed, epoch, index)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def mask_tokens(
    tokens_T: np.ndarray,
    maskable_T: np.ndarray,
    rates: MaskingRates,
    mask_index: int,
    padding_index: int,
    replacements: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Corrupt a sequence for masked language modelling (section 3).

    Each maskable token is selected on its own; a selected one becomes ``<mask>``, a random token or stays.

    Args:
        tokens_T: token indices ``(T,)``.
        maskable_T: bool ``(T,)``, False for special symbols.
        rates: the probabilities.
        mask_index: index of ``<mask>``.
        padding_index: what a target holds where nothing is predicted.
        replacements: token indices that a random token is drawn from, uniformly.
        rng: the source of randomness.

    Returns:
        The corrupted tokens ``(T,)`` and the targets ``(T,)``, both int64.
    """
    # Always two draws of length T, so that what one token becomes does not depend on the others.
    selection_T = rng.random(len(tokens_T))
    treatment_T = rng.random(len(tokens_T))
    random_T = replacements[rng.integers(len(replacements), size=len(tokens_T))]
    selected_T = maskable_T & (selection_T < rates.select)
    randomised_T = selected_T & (treatment_T < rates.random)
    masked_T = selected_T & (treatment_T >= rates.random + rates.keep)
    source_T = np.where(masked_T, mask_index, np.where(randomised_T, random_T, tokens_T))
    target_T = np.where(selected_T, tokens_T, padding_index)
    return source_T.astype(np.int64), target_T.astype(np.int64)
