"""The layout of sentence pairs and how they are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairseq_alignmlm.data.sentence_pairs import longest_first


def cut_one_by_one(first, second, room):
    while first + second > room and first + second > 0:
        if first > second:
            first -= 1
        else:
            second -= 1
    return first, second


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 80))
def test_cutting_at_once_equals_cutting_one_token_after_the_other(first, second, room):
    assert longest_first(first, second, room) == cut_one_by_one(first, second, room)
