"""Data-parallel workers: which of them this is, and sums over all of them while the model is at work."""

from __future__ import annotations

import torch.distributed
from fairseq.distributed import utils
from torch import Tensor


def gather_rows(rows: Tensor) -> tuple[Tensor, int]:
    """Return the rows of all workers, one after the other, and where this worker's begin; all workers have to ask.

    Args:
        rows: ``(P, H)``; P, which may be 0, may differ between workers.

    Returns:
        ``(sum of P, H)`` without a gradient, and the number of the first row that is this worker's.
    """
    worker, workers = place_among_workers()
    if workers == 1:
        return rows.detach(), 0
    group = utils.get_data_parallel_group()
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.zeros_like(count) for _ in range(workers)]
    torch.distributed.all_gather(counts, count, group=group)
    sizes = [int(each) for each in counts]
    padded = rows.new_zeros(max(sizes), rows.size(1))
    padded[: len(rows)] = rows.detach()
    gathered = [torch.zeros_like(padded) for _ in range(workers)]
    torch.distributed.all_gather(gathered, padded, group=group)
    found = torch.cat([each[:size] for each, size in zip(gathered, sizes, strict=True)])
    return found, sum(sizes[:worker])


def with_own_rows(gathered: Tensor, rows: Tensor, start: int) -> Tensor:
    """Put a worker's own rows, with their gradient, in their place among those of all; see `gather_rows`."""
    return torch.cat([gathered[:start], rows, gathered[start + len(rows) :]])


def place_among_workers() -> tuple[int, int]:
    """Return the number of this data-parallel worker, from 0, and how many there are; ``(0, 1)`` when it is alone."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return 0, 1
    return utils.get_data_parallel_rank(), utils.get_data_parallel_world_size()


class SumOverWorkers:
    """The sum of a number over several workers, on its way from the moment this object is made.

    All workers have to make one at the same point. Nothing waits for it before :meth:`get`, and on a GPU not even that
    waits: the sum is there for what is computed after it.
    """

    def __init__(self, number: Tensor) -> None:
        """Begin.

        Args:
            number: this worker's part; it is not changed.
        """
        self._sum = number.clone()
        group = utils.get_data_parallel_group()
        self._pending = torch.distributed.all_reduce(self._sum, group=group, async_op=True)

    def get(self) -> Tensor:
        """Return the sum; to be asked for once."""
        self._pending.wait()
        return self._sum
