"""Batches of similar lengths: every instance once, little padding, another order every epoch."""

from __future__ import annotations

import numpy as np
import pytest

from fairseq_alignmlm.data.finetuning import FinetuningDataset

BATCH = 32


def dataset(lengths, shuffle=True, **settings):
    return FinetuningDataset(
        lengths, 128, 0, 2, 1, seed=1, shuffle=shuffle, language=None, batch_size=BATCH, **settings
    )


def padding(data):
    order = data.ordered_indices()
    batches = [data.sizes[order[start : start + BATCH]] for start in range(0, len(order), BATCH)]
    return 1 - data.sizes.sum() / sum(len(batch) * batch.max() for batch in batches)


@pytest.mark.parametrize("mean", [30, 9])  # pieces: sentences of POS; of NER, which are short
def test_padding_stays_under_five_percent(mean):
    lengths = 2 + np.random.default_rng(1).gamma(2.5, mean / 2.5, 20_000).astype(int)
    assert padding(dataset(lengths)) < 0.05


def test_every_instance_comes_once_an_epoch_in_another_order_each():
    data = dataset(np.random.default_rng(1).integers(3, 100, 5000))
    first = data.ordered_indices()
    data.set_epoch(2)
    second = data.ordered_indices()
    assert sorted(first) == sorted(second) == list(range(5000))
    assert not np.array_equal(first, second)
    # Not merely the same batches in another order.
    assert set(first[:BATCH]) != set(second[:BATCH])


def test_without_shuffling_the_file_decides():
    assert dataset(np.arange(3, 103), shuffle=False).ordered_indices().tolist() == list(range(100))
