"""Instances of several languages with masking: what every pre-training objective reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from fairseq.data import FairseqDataset
from torch import Tensor

from fairseq_alignmlm.data.masking import MaskingRates, generator, mask_tokens
from fairseq_alignmlm.data.mixture import epoch_order


class Instances(Protocol):
    """Unmasked instances of one language: ``instances[i]`` is an int64 tensor ``(T,)``."""

    sizes: np.ndarray

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Tensor: ...


@dataclass(frozen=True)
class LanguageInstances:
    """The instances of one language.

    Attributes:
        language: its number, 1..L (0 is padding).
        instances: the instances.
        replacements: indices of the tokens that a random token is drawn from.
    """

    language: int
    instances: Instances
    replacements: np.ndarray


class MaskedBlocks(FairseqDataset):
    """Mask instances of several languages and collate them into batches.

    Masking is a function of (seed, epoch, instance) only: it is the same before and after a resume and for any
    number of workers.

    Args:
        parts: the languages.
        counts: instances per epoch of each language; None takes each once.
        rates: masking probabilities.
        special: bool ``(V,)``, True for the symbols that are never masked.
        mask_index: index of ``<mask>``.
        padding_index: index of ``<pad>``.
        seed: seed of the run.
        shuffle: shuffle the instances of an epoch (training) or keep their order (validation).
        with_language_ids: put language IDs into ``net_input``, for models with language embeddings.
    """

    def __init__(
        self,
        parts: Sequence[LanguageInstances],
        counts: Sequence[int] | None,
        rates: MaskingRates,
        special: np.ndarray,
        mask_index: int,
        padding_index: int,
        seed: int,
        shuffle: bool,
        with_language_ids: bool,
    ) -> None:
        super().__init__()
        self._parts = list(parts)
        self._part_sizes = [len(part.instances) for part in parts]
        self._counts = list(counts) if counts is not None else self._part_sizes
        self._starts = np.concatenate([[0], np.cumsum(self._part_sizes)])
        self._rates = rates
        self._special = special
        self._mask_index = mask_index
        self._padding_index = padding_index
        self._seed = seed
        self._shuffle = shuffle
        self._with_language_ids = with_language_ids
        self._epoch = 1
        self.sizes = np.concatenate([np.asarray(part.instances.sizes) for part in parts])

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that masks and order belong to."""
        self._epoch = epoch

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Training batches are made anew every epoch, validation batches are not."""
        return not self._shuffle

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> dict[str, Any]:
        part_number = int(np.searchsorted(self._starts, index, side="right")) - 1
        part = self._parts[part_number]
        tokens = part.instances[int(index - self._starts[part_number])].numpy()
        # Validation keeps one set of masks, so that its losses compare between epochs.
        epoch = self._epoch if self._shuffle else 0
        source, target = mask_tokens(
            tokens,
            ~self._special[tokens],
            self._rates,
            self._mask_index,
            self._padding_index,
            part.replacements,
            generator(self._seed, epoch, int(index)),
        )
        return {"id": int(index), "source": source, "target": target, "language": part.language}

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack samples; shorter ones are padded on the right.

        Returns:
            ``net_input`` with ``src_tokens`` ``(B, T)``, ``src_lengths`` ``(B,)``, ``has_padding`` and, when wanted,
            ``language_ids`` ``(B, T)``; ``target`` ``(B, T)``, padding where nothing is predicted; ``languages``
            ``(B,)``; ``id`` ``(B,)``; ``nsentences``; ``ntokens``.
        """
        if not samples:
            return {}
        lengths = np.array([len(sample["source"]) for sample in samples])
        source = self._stack(samples, "source", int(lengths.max()))
        languages = torch.tensor([sample["language"] for sample in samples])
        net_input: dict[str, Any] = {
            "src_tokens": source,
            "src_lengths": torch.from_numpy(lengths),
            "has_padding": bool(lengths.min() < lengths.max()),
        }
        if self._with_language_ids:
            net_input["language_ids"] = languages[:, None] * source.ne(self._padding_index)
        return {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "nsentences": len(samples),
            "ntokens": int(lengths.sum()),
            "net_input": net_input,
            "target": self._stack(samples, "target", int(lengths.max())),
            "languages": languages,
        }

    def _stack(self, samples: list[dict[str, Any]], key: str, length: int) -> Tensor:
        stacked = np.full((len(samples), length), self._padding_index, dtype=np.int64)
        for row, sample in enumerate(samples):
            stacked[row, : len(sample[key])] = sample[key]
        return torch.from_numpy(stacked)

    def num_tokens(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return int(self.sizes[index])

    def size(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return int(self.sizes[index])

    def ordered_indices(self) -> np.ndarray:
        """List the instances of the epoch, shuffled by (seed, epoch) for training."""
        chosen = epoch_order(self._part_sizes, self._counts, self._seed, self._epoch)
        return generator(self._seed, self._epoch).permutation(chosen) if self._shuffle else chosen
