"""The random numbers of ``java.util.Random``, as its documentation defines them."""

from __future__ import annotations

_MASK = (1 << 48) - 1


class JavaRandom:
    """A 48-bit linear congruential generator."""

    def __init__(self, seed: int) -> None:
        """Start from ``seed``."""
        self._state = (seed ^ 0x5DEECE66D) & _MASK

    def _bits(self, count: int) -> int:
        self._state = (self._state * 0x5DEECE66D + 11) & _MASK
        return self._state >> (48 - count)

    def next_double(self) -> float:
        """Return the next number in [0, 1)."""
        high = self._bits(26)
        return ((high << 27) + self._bits(27)) / (1 << 53)
