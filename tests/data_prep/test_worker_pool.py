"""Workers give what one process gives, for one stream after another."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count, islice

import pytest

from data_prep.worker_pool import Workers, ordered_map


def make_square() -> Callable[[int], tuple[int, int]]:
    return lambda number: (number * number, os.getpid())


def make_deadly() -> Callable[[int], int]:
    return lambda number: os._exit(1) if number == 3 else number


def make_failing() -> Callable[[int], int]:
    return lambda number: 1 // (number - 3)


@pytest.mark.parametrize("workers", [1, 3])
def test_streams_keep_their_order_and_share_the_processes(workers: int) -> None:
    with Workers(make_square, workers) as pool:
        streams = [list(pool.map(range(start, start + 20))) for start in (0, 100)]
    for start, stream in zip((0, 100), streams, strict=True):
        assert [square for square, _ in stream] == [number**2 for number in range(start, start + 20)]
    processes = {process for stream in streams for _, process in stream}
    assert len(processes) <= workers
    assert (os.getpid() in processes) == (workers == 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_endless_stream_can_be_left(workers: int) -> None:
    assert [square for square, _ in islice(ordered_map(make_square, count(), workers), 5)] == [0, 1, 4, 9, 16]


def test_nothing_starts_before_there_is_work() -> None:
    def refuse() -> Callable[[int], int]:
        raise AssertionError

    with Workers(refuse, 2), Workers(refuse, 1):
        pass


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_work_reaches_the_caller(workers: int) -> None:
    with pytest.raises(ZeroDivisionError), Workers(make_failing, workers) as pool:
        list(pool.map(range(10)))


def test_a_worker_that_dies_is_told_in_one_line() -> None:
    with pytest.raises(OSError, match="a worker process died, perhaps for lack of memory; try fewer --workers"):
        list(ordered_map(make_deadly, range(10), 2))
