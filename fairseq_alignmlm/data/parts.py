"""The kinds of instances that a pre-training batch mixes: one language's text, or sentence pairs."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from torch import Tensor

from fairseq_alignmlm.data.sentences import ParallelInstances


class Instances(Protocol):
    """Instances of one language: ``instances[i]`` is an int64 tensor ``(T,)``."""

    @property
    def sizes(self) -> np.ndarray: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Tensor: ...


class MonolingualPart:
    """Instances of one language.

    Args:
        name: the language's name.
        language: its number, 1..L.
        instances: blocks or packed sentences.
    """

    segment_width = None

    def __init__(self, name: str, language: int, instances: Instances) -> None:
        self.name, self._language, self._instances = name, language, instances
        self.sizes = np.asarray(instances.sizes)

    def __len__(self) -> int:
        return len(self._instances)

    def segments(self, index: int) -> list[tuple[int, Tensor]]:
        """Return the instance as one run."""
        return [(self._language, self._instances[index])]


class ParallelPart:
    """Sentence pairs of two languages in one instance (TLM, appendix G.3).

    Args:
        name: what the log calls it.
        languages: numbers of the two languages.
        instances: the packed pairs.
        segment_width: length of each half, padded (layout ``halves``, the paper's); None puts the second side right
            behind the first (layout ``packed``).
    """

    def __init__(
        self, name: str, languages: tuple[int, int], instances: ParallelInstances, segment_width: int | None
    ) -> None:
        self.name, self._languages, self._instances = name, languages, instances
        self.segment_width = segment_width
        if segment_width is None:
            self.sizes = instances.side_sizes.sum(1)
        else:
            self.sizes = np.full(len(instances), 2 * segment_width)

    def __len__(self) -> int:
        return len(self._instances)

    def segments(self, index: int) -> list[tuple[int, Tensor]]:
        """Return the instance as two runs."""
        return list(zip(self._languages, self._instances[index], strict=True))
