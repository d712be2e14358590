"""Sampling of languages: shares, coverage, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.data.mixture import epoch_order, smoothed_counts


def test_shares_follow_the_power_law():
    counts = smoothed_counts([9000, 1000], 0.5)
    assert counts[0] / counts[1] == pytest.approx(3, rel=0.01)
    assert sum(counts) == pytest.approx(10000, abs=2)
    assert smoothed_counts([9000, 1000], 1.0) == [9000, 1000]
    assert smoothed_counts([9000, 1000], 0.0) == [5000, 5000]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 90)), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.integers(1, 10),
)
def test_every_instance_appears_as_evenly_as_possible(languages, seed, epoch):
    sizes, counts = zip(*languages, strict=True)
    order = epoch_order(sizes, counts, seed, epoch)
    assert len(set(order)) == len(order)  # every repetition has an index of its own
    seen = np.bincount(order % sum(sizes), minlength=sum(sizes))
    start = 0
    for size, count in languages:
        own = seen[start : start + size]
        assert own.sum() == count
        assert own.max() - own.min() <= 1
        start += size
    np.testing.assert_array_equal(order, epoch_order(sizes, counts, seed, epoch))
