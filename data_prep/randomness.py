"""Random numbers as functions of a seed and an index, never of process order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import count
from struct import unpack


def generator(seed: int, stream: str, index: int = 0) -> random.Random:
    """Return the generator of one item.

    Use only its ``random()``: no other method is documented to give equal numbers in every Python version.

    Args:
        seed: the seed of the command.
        stream: what the numbers are for, so that two uses of one seed do not share their numbers.
        index: line number, token index or the like.
    """
    digest = blake2b(f"{seed}\0{stream}\0{index}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "little"))


def random_order(size: int, numbers: random.Random) -> list[int]:
    """Return a uniformly random permutation of ``range(size)``."""
    keys = [numbers.random() for _ in range(size)]
    return sorted(range(size), key=keys.__getitem__)


def sample(population: int, size: int, numbers: random.Random) -> list[int]:
    """Return ``size`` distinct indices of ``range(population)``, in increasing order."""
    return sorted(random_order(population, numbers)[:size])


def uniform_numbers(seed: int, stream: str, index: int = 0) -> Callable[[], float]:
    """Return the stream of numbers in [0, 1) of one item; faster than :func:`generator` where few are needed.

    The numbers are the first 53 bits of the 64-bit words of BLAKE2b digests.
    """
    return _numbers(f"{seed}\0{stream}\0{index}".encode()).__next__


def _numbers(key: bytes) -> Iterator[float]:
    for block in count():
        for word in unpack("<8Q", blake2b(key, salt=block.to_bytes(8, "little")).digest()):
            yield (word >> 11) * 2.0**-53
