"""Momentum contrast: slow copies of weights, and a queue of the keys that they gave (He et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fairseq_alignmlm.errors import InputError


class SlowWeights:
    """The moving average of weights: ``slow = m * slow + (1 - m) * trained`` before every update but the first.

    The first update copies them. They are float32 whatever the model is, because in 16 bits most steps would be lost.

    Args:
        momentum: m, in [0, 1).

    Attributes:
        weights: by name; empty before the first update.
    """

    def __init__(self, momentum: float) -> None:
        self._momentum = momentum
        self._update = -1
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def follow(self, trained: Mapping[str, Tensor], update: int) -> None:
        """Take a step towards the trained weights; a second call for the same update does nothing."""
        if update == self._update:
            return
        if not self.weights:
            self.weights = {name: weight.detach().float().clone() for name, weight in trained.items()}
        elif self.weights.keys() != trained.keys():
            raise ValueError(f"other weights than before: {sorted(self.weights.keys() ^ trained.keys())[:3]}")
        else:
            for name, weight in trained.items():
                slow = self.weights[name] = self.weights[name].to(weight.device)
                slow.lerp_(weight.detach().float(), 1.0 - self._momentum)
        self._update = update

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the weights whose names begin with a prefix, without it."""
        return {name.removeprefix(prefix): weight for name, weight in self.weights.items() if name.startswith(prefix)}

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"weights": dict(self.weights), "update": self._update}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.weights = {name: weight.float().clone() for name, weight in state["weights"].items()}
        self._update = int(state["update"])


class KeyQueue:
    """The last keys, as negatives for the queries of later updates.

    Keys are put in at the end of their update, so that an update is the same for any number of micro-batches.

    Args:
        size: most keys.
        width: of a key.
        noise_seed: begin with normal noise of this seed instead of nothing.
        normalised: the keys have length 1, and the noise gets it.
    """

    def __init__(self, size: int, width: int, noise_seed: int | None = None, normalised: bool = True) -> None:
        self._rows = torch.zeros(size, width)
        self._next = 0  # where the next key goes
        self._filled = 0
        self._seen = 0  # real keys so far
        self._waiting: list[Tensor] = []
        if noise_seed is not None:
            noise = torch.randn(size, width, generator=torch.Generator().manual_seed(noise_seed))
            self._rows, self._filled = F.normalize(noise) if normalised else noise, size

    @property
    def rows(self) -> Tensor:
        """The keys and the noise that are in the queue ``(N, H)``, N at most the size."""
        return self._rows[: self._filled]

    @property
    def is_full(self) -> bool:
        """Whether as many real keys were put in as fit."""
        return self._seen >= len(self._rows)

    def add(self, keys: Tensor) -> None:
        """Have keys ``(P, H)`` put in when the update ends."""
        self._waiting.append(keys.detach().float())

    def end_update(self) -> None:
        """Put in the keys that wait, in place of the oldest."""
        if not self._waiting:
            return
        keys, size = torch.cat(self._waiting), len(self._rows)
        self._waiting = []
        self._rows = self._rows.to(keys.device)
        kept = keys[-size:]
        places = torch.arange(self._next + len(keys) - len(kept), self._next + len(keys), device=keys.device) % size
        self._rows[places] = kept
        self._next = (self._next + len(keys)) % size
        self._seen += len(keys)
        self._filled = max(self._filled, min(self._seen, size))

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; it ends the update."""
        self.end_update()
        return {"rows": self._rows, "next": self._next, "filled": self._filled, "seen": self._seen}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept.

        Raises:
            InputError: its queue has another size.
        """
        if state["rows"].shape != self._rows.shape:
            there, wanted = (" x ".join(map(str, rows.shape)) for rows in (state["rows"], self._rows))
            raise InputError(f"the queue of the checkpoint is {there}, now {wanted}; go on with the same settings")
        self._rows = state["rows"].float().clone()
        self._next, self._filled, self._seen = (int(state[name]) for name in ("next", "filled", "seen"))
