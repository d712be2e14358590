"""Packing sentences and pairs against a slow, obvious reference on 1,000 random corpora (appendix G.3)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.data.packing import one_each, pack

CORPORA = settings(deadline=None, max_examples=1000)
sentence_lengths = st.lists(st.integers(1, 12), max_size=40)


def packed_one_by_one(sizes, limit, look_ahead):
    """Take the next sentence if it fits, else the largest of those in sight that does, else begin a new instance."""
    queue = [index for index, sides in enumerate(sizes) if min(sides) > 1 and max(sides) <= limit]
    instances = []
    while queue:
        instances.append([])
        used = np.zeros(len(sizes[0]))
        while fitting := [index for index in queue[:look_ahead] if all(used + sizes[index] <= limit)]:
            chosen = queue[0] if queue[0] in fitting else max(fitting, key=lambda index: sum(sizes[index]))
            instances[-1].append(chosen)
            used = used + sizes[chosen]
            queue.remove(chosen)
    blank = sum(min(sides) <= 1 for sides in sizes)
    return instances, blank, sum(min(sides) > 1 and max(sides) > limit for sides in sizes)


@CORPORA
@given(sentence_lengths, st.integers(1, 20), st.integers(1, 50))
def test_sentences_are_packed_as_by_hand(lengths, limit, look_ahead):
    packing = pack(np.array(lengths, dtype=np.int32), limit, look_ahead=look_ahead)
    instances, blank, too_long = packed_one_by_one([(length,) for length in lengths], limit, look_ahead)
    assert [packing.instance(i).tolist() for i in range(len(packing))] == instances
    assert (packing.blank, packing.too_long) == (blank, too_long)
    assert len(packing.kept) + blank + too_long == len(lengths)  # every sentence once, or counted as dropped


@CORPORA
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=40),
    st.integers(1, 20),
    st.integers(1, 50),
    st.randoms(),
)
def test_pairs_are_packed_as_by_hand_and_both_sides_hold_the_same_pairs(lengths, limit, look_ahead, random):
    order = list(range(len(lengths)))
    random.shuffle(order)
    order = np.array(order[: len(order) // 2 + 1], dtype=np.int64)
    packing = pack(np.array(lengths, dtype=np.int32).reshape(-1, 2), limit, order, look_ahead)
    instances, blank, too_long = packed_one_by_one([lengths[i] for i in order], limit, look_ahead)
    assert [packing.instance(i).tolist() for i in range(len(packing))] == [[order[j] for j in i] for i in instances]
    assert (packing.blank, packing.too_long) == (blank, too_long)
    for i in range(len(packing)):
        assert all(np.array([lengths[j] for j in packing.instance(i)]).sum(0) <= limit)


def test_a_window_larger_than_the_look_ahead_changes_nothing():
    rng = np.random.default_rng(2)
    lengths = [(int(first), int(second)) for first, second in rng.integers(2, 30, size=(400, 2))]
    for limit in (40, 3000):  # 3000 holds more than a window
        for look_ahead in (1, 3, 200):
            packing = pack(np.array(lengths), limit, look_ahead=look_ahead)
            expected, _, _ = packed_one_by_one(lengths, limit, look_ahead)
            assert [packing.instance(i).tolist() for i in range(len(packing))] == expected


def test_looking_ahead_leaves_less_than_one_in_a_hundred_tokens_as_padding():
    lengths = np.random.default_rng(1).integers(5, 46, size=20_000)
    packings = pack(lengths, 511), pack(lengths, 511, look_ahead=128)
    padding = [1 - lengths.sum() / (511 * len(packing)) for packing in packings]
    assert padding[1] < 0.01 < padding[0]
    assert packings[0].kept.tolist() == list(range(20_000))


@CORPORA
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=40), st.integers(1, 20))
def test_one_each_keeps_every_pair_that_fits_as_a_whole(lengths, limit):
    packing = one_each(np.array(lengths, dtype=np.int32).reshape(-1, 2), limit)
    kept = [index for index, pair in enumerate(lengths) if min(pair) > 1 and sum(pair) <= limit]
    assert [packing.instance(i).tolist() for i in range(len(packing))] == [[index] for index in kept]
    assert packing.blank == sum(min(pair) <= 1 for pair in lengths)
    assert packing.blank + packing.too_long + len(kept) == len(lengths)
