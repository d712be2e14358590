"""What all tasks of this package share."""

from typing import Any

from fairseq.tasks import FairseqTask


class UnbufferedTask(FairseqTask):
    """A task that reads its batches without fairseq's buffering thread.

    The thread reads ahead of training. Where training stops within an epoch, it is still at work inside torch when the
    interpreter shuts down, which now and then aborts the process ("terminate called without an active exception"),
    after the checkpoint is written but with a failing exit status. ``--num-workers`` reads ahead without it.
    """

    def get_batch_iterator(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        """Return stock fairseq's iterator, with a buffer of 0 batches."""
        return super().get_batch_iterator(dataset, *args, **(kwargs | {"data_buffer_size": 0}))
