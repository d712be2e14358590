"""Packing sentences and pairs against a slow, obvious reference on 1,000 random corpora (appendix G.3)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.data.packing import pack

CORPORA = settings(deadline=None, max_examples=1000)
sentence_lengths = st.lists(st.integers(1, 12), max_size=40)


def packed_one_by_one(sizes, limit):
    """Take sentences in turn; begin a new instance when the next one does not fit."""
    instances, blank, too_long, used = [], 0, 0, np.zeros(0)
    for index, sides in enumerate(sizes):
        if min(sides) <= 1:
            blank += 1
        elif max(sides) > limit:
            too_long += 1
        elif instances and all(used + sides <= limit):
            instances[-1].append(index)
            used = used + sides
        else:
            instances.append([index])
            used = np.array(sides)
    return instances, blank, too_long


@CORPORA
@given(sentence_lengths, st.integers(1, 20))
def test_sentences_are_packed_as_by_hand(lengths, limit):
    packing = pack(np.array(lengths, dtype=np.int32), limit)
    instances, blank, too_long = packed_one_by_one([(length,) for length in lengths], limit)
    assert [packing.instance(i).tolist() for i in range(len(packing))] == instances
    assert (packing.blank, packing.too_long) == (blank, too_long)
    assert len(packing.kept) + blank + too_long == len(lengths)  # every sentence once, or counted as dropped


@CORPORA
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=40), st.integers(1, 20), st.randoms())
def test_pairs_are_packed_as_by_hand_and_both_sides_hold_the_same_pairs(lengths, limit, random):
    order = list(range(len(lengths)))
    random.shuffle(order)
    order = np.array(order[: len(order) // 2 + 1], dtype=np.int64)
    packing = pack(np.array(lengths, dtype=np.int32).reshape(-1, 2), limit, order)
    instances, blank, too_long = packed_one_by_one([lengths[i] for i in order], limit)
    assert [packing.instance(i).tolist() for i in range(len(packing))] == [[order[j] for j in i] for i in instances]
    assert (packing.blank, packing.too_long) == (blank, too_long)
    for i in range(len(packing)):
        assert all(np.array([lengths[j] for j in packing.instance(i)]).sum(0) <= limit)
