"""Instances of several languages with masking: what every pre-training objective reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from fairseq.data import FairseqDataset
from torch import Tensor

from fairseq_alignmlm.data.masking import MaskingRates, MaskingSchedule, generator, mask_tokens
from fairseq_alignmlm.data.mixture import epoch_order
from fairseq_alignmlm.data.pairs import pair_rows


class Part(Protocol):
    """Unmasked instances of one kind: those of a language, or the sentence pairs of two.

    Attributes:
        name: what the log calls it: a language, or ``tlm``.
        sizes: lengths in tokens of the laid out instances.
    """

    name: str
    sizes: np.ndarray

    def __len__(self) -> int: ...

    def segments(self, index: int) -> list[tuple[int, Tensor]]:
        """Return the instance as runs (language number 1..L, tokens ``(T,)``); positions restart in every run."""
        ...

    @property
    def segment_width(self) -> int | None:
        """Pad every run to this length; None leaves no padding between runs."""
        ...


class MaskedInstances(FairseqDataset):
    """Mask instances of several parts and collate them into batches.

    Masking is a function of (seed, epoch, index) only: it is the same before and after a resume and for any number of
    workers. An index of N or more stands for instance ``index % N`` once more in the same epoch, with masks of its own.

    Args:
        parts: the languages, and the parallel data of TLM.
        counts: instances per epoch of each part; None takes each once.
        rates: masking probabilities.
        special: bool ``(V,)``, True for the symbols that are never masked.
        replacements: for language 1..L the token indices that a random token is drawn from.
        mask_index: index of ``<mask>``.
        padding_index: index of ``<pad>``.
        seed: seed of the run.
        shuffle: shuffle the instances of an epoch (training) or keep their order (validation).
        with_language_ids: put language IDs into ``net_input``, for models with language embeddings.
        with_branch_draws: add two uniform numbers per token, drawn like the masks, for further corruption.
        first_part: what the first part counts as in ``part``, where others of the task's parts are left out.
        schedule: how the share of tokens to predict changes; validation has the last share.
        short_first: number of epochs in which instances come by length, the shortest first.
        with_sides: put the sides of the sentence pairs, not masked, into every batch as ``pairs``; which side of a pair
            is the first, there and in the instance, is one draw an epoch.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        counts: Sequence[int] | None,
        rates: MaskingRates,
        special: np.ndarray,
        replacements: Sequence[np.ndarray],
        mask_index: int,
        padding_index: int,
        seed: int,
        shuffle: bool,
        with_language_ids: bool,
        with_branch_draws: bool = False,
        first_part: int = 0,
        schedule: MaskingSchedule | None = None,
        short_first: int = 0,
        with_sides: bool = False,
    ) -> None:
        super().__init__()
        self._parts = list(parts)
        self._part_sizes = [len(part) for part in parts]
        self._counts = list(counts) if counts is not None else self._part_sizes
        self._starts = np.concatenate([[0], np.cumsum(self._part_sizes)])
        self._rates = rates
        self._special = special
        self._replacements = [np.zeros(1, dtype=np.int64), *replacements]
        self._mask_index = mask_index
        self._padding_index = padding_index
        self._seed = seed
        self._shuffle = shuffle
        self._with_language_ids = with_language_ids
        self._with_branch_draws = with_branch_draws
        self._first_part = first_part
        self._schedule = schedule
        self._short_first = short_first
        self._with_sides = with_sides
        self._epoch = 1
        self.sizes = np.concatenate([np.asarray(part.sizes) for part in parts])

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that masks and order belong to."""
        self._epoch = epoch

    @property
    def rates(self) -> MaskingRates:
        """The masking probabilities of the epoch."""
        if self._schedule is None:
            return self._rates
        if not self._shuffle:
            return replace(self._rates, select=self._schedule.last)
        return replace(self._rates, select=self._schedule.share(self._rates.select, self._epoch))

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Training batches are made anew every epoch, validation batches are not."""
        return not self._shuffle

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> dict[str, Any]:
        instance = int(index) % len(self)
        number = int(np.searchsorted(self._starts, instance, side="right")) - 1
        part = self._parts[number]
        # Validation keeps one set of masks, so that its losses compare between epochs.
        key = (self._seed, self._epoch if self._shuffle else 0, int(index))
        rng = generator(*key)
        segments = part.segments(instance - int(self._starts[number]))
        has_sides = self._with_sides and len(segments) == 2
        if has_sides and generator(*key, 1).random() < 0.5:
            segments = segments[::-1]
        columns = []
        for language, tokens in segments:
            column = self._masked(tokens.numpy(), language, rng)
            columns.append(_padded(column, part.segment_width, self._padding_index))
        names = ("source", "target", "positions", "language_ids")
        joined = columns[0] if len(columns) == 1 else tuple(map(np.concatenate, zip(*columns, strict=True)))
        item = {"id": int(index), "part": self._first_part + number, **dict(zip(names, joined, strict=True))}
        if has_sides:
            item["sides"] = tuple((language, tokens.numpy()) for language, tokens in segments)
        if self._with_branch_draws:
            item["branch"] = rng.random((len(joined[0]), 2), dtype=np.float32)
        return item

    def _masked(self, tokens_T: np.ndarray, language: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        source_T, target_T = mask_tokens(
            tokens_T,
            ~self._special[tokens_T],
            self.rates,
            self._mask_index,
            self._padding_index,
            self._replacements[language],
            rng,
        )
        positions_T = np.arange(len(tokens_T)) + self._padding_index + 1
        return source_T, target_T, positions_T, np.full(len(tokens_T), language)

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack instances; shorter ones are padded on the right.

        Returns:
            ``net_input`` with ``src_tokens`` ``(B, T)``, ``src_lengths`` ``(B,)`` (tokens that are no padding),
            ``positions`` ``(B, T)``, ``has_padding``, with padding ``token_index``, the flat indices of all tokens that
            are none, and, when wanted, ``language_ids`` ``(B, T)``; ``target`` ``(B, T)``, padding where nothing is
            predicted; ``selected``, the flat indices ``(N,)`` of where something is; ``language_ids`` ``(B, T)``;
            ``part`` ``(B,)``; ``id`` ``(B,)``; ``nsentences``; ``ntokens``; when wanted, ``branch`` ``(B, T, 2)`` and
            ``pairs``, see `pair_rows`.
        """
        if not samples:
            return {}
        length = max(len(sample["source"]) for sample in samples)
        fill = {"source": self._padding_index, "target": self._padding_index, "positions": self._padding_index}
        stacked = {name: _stack(samples, name, length, value) for name, value in (fill | {"language_ids": 0}).items()}
        lengths = stacked["language_ids"].ne(0).sum(1)
        net_input: dict[str, Any] = {
            "src_tokens": stacked["source"],
            "src_lengths": lengths,
            "positions": stacked["positions"],
            "has_padding": bool(lengths.min() < length),
        }
        if net_input["has_padding"]:
            net_input["token_index"] = stacked["language_ids"].flatten().nonzero()[:, 0]
        if self._with_language_ids:
            net_input["language_ids"] = stacked["language_ids"]
        batch = {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "part": torch.tensor([sample["part"] for sample in samples]),
            "nsentences": len(samples),
            "ntokens": int(lengths.sum()),
            "net_input": net_input,
            "target": stacked["target"],
            "selected": stacked["target"].ne(self._padding_index).flatten().nonzero()[:, 0],
            "language_ids": stacked["language_ids"],
        }
        if self._with_branch_draws:
            draws = np.zeros((len(samples), length, 2), dtype=np.float32)
            for row, sample in enumerate(samples):
                draws[row, : len(sample["branch"])] = sample["branch"]
            batch["branch"] = torch.from_numpy(draws)
        if self._with_sides:
            rows = [row for row, sample in enumerate(samples) if "sides" in sample]
            sides = [samples[row]["sides"] for row in rows]
            batch["pairs"] = pair_rows(rows, sides, self._padding_index, self._with_language_ids)
        return batch

    def num_tokens(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return int(self.sizes[index % len(self)])

    def size(self, index: int) -> int:
        """Return the length of an instance in tokens."""
        return self.num_tokens(index)

    def filter_indices_by_size(self, indices: np.ndarray, max_sizes: int) -> tuple[np.ndarray, list[int]]:
        """Part the indices into those of instances of at most ``max_sizes`` tokens and the others."""
        fits = self.sizes[indices % len(self)] <= max_sizes
        return indices[fits], indices[~fits].tolist()

    def ordered_indices(self) -> np.ndarray:
        """List the instances of the epoch, shuffled by (seed, epoch) for training."""
        chosen = epoch_order(self._part_sizes, self._counts, self._seed, self._epoch)
        if not self._shuffle:
            return chosen
        shuffled = generator(self._seed, self._epoch).permutation(chosen)
        if self._epoch > self._short_first:
            return shuffled
        return shuffled[np.argsort(self.sizes[shuffled % len(self)], kind="stable")]


def _padded(column: tuple[np.ndarray, ...], width: int | None, padding_index: int) -> tuple[np.ndarray, ...]:
    """Pad source, target, positions and language IDs to a width."""
    if width is None or len(column[0]) == width:
        return column
    missing = width - len(column[0])
    fills = (padding_index, padding_index, padding_index, 0)
    return tuple(np.concatenate([part, np.full(missing, fill)]) for part, fill in zip(column, fills, strict=True))


def _stack(samples: list[dict[str, Any]], name: str, length: int, fill: int) -> Tensor:
    stacked = np.full((len(samples), length), fill, dtype=np.int64)
    for row, sample in enumerate(samples):
        stacked[row, : len(sample[name])] = sample[name]
    return torch.from_numpy(stacked)
