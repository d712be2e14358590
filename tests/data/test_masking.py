"""Masking: its rates, and that it depends on nothing but (seed, epoch, index)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.data.masking import MaskingRates, generator, mask_tokens

MASK, PAD = 99, 1
REPLACEMENTS = np.arange(4, 50)


def mask(tokens, *key, rates=None, special=()):
    maskable = ~np.isin(tokens, special)
    return mask_tokens(tokens, maskable, rates or MaskingRates(), MASK, PAD, REPLACEMENTS, generator(*key))


def within_three_standard_errors(count, trials, probability):
    return abs(count - trials * probability) <= 3 * np.sqrt(trials * probability * (1 - probability))


def test_rates_over_a_million_tokens_are_those_of_the_definition():
    tokens = np.full(1_000_000, 60)  # 60 is no replacement, so that a random token always differs
    source, target = mask(tokens, 1, 1, 1)
    selected = target != PAD
    assert within_three_standard_errors(selected.sum(), len(tokens), 0.15)
    assert within_three_standard_errors((source == MASK).sum(), selected.sum(), 0.8)
    assert within_three_standard_errors((selected & (source == tokens)).sum(), selected.sum(), 0.1)
    random = source[selected & (source != tokens) & (source != MASK)]
    assert within_three_standard_errors(len(random), selected.sum(), 0.1)
    assert set(random) == set(REPLACEMENTS)
    assert np.bincount(random)[REPLACEMENTS].std() < 4 * np.sqrt(len(random) / len(REPLACEMENTS))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 80), min_size=1, max_size=60), st.integers(0, 2**31), st.integers(1, 50))
def test_only_selected_tokens_change_and_targets_are_the_original(tokens, seed, epoch):
    tokens = np.array(tokens)
    source, target = mask(tokens, seed, epoch, 0, rates=MaskingRates(0.5, 0.2, 0.3), special=(0, 1, 2, 3))
    selected = target != PAD
    assert not selected[np.isin(tokens, (0, 1, 2, 3))].any()
    np.testing.assert_array_equal(target[selected], tokens[selected])
    np.testing.assert_array_equal(source[~selected], tokens[~selected])


def test_masks_depend_on_seed_epoch_and_index_and_on_nothing_else():
    tokens = np.arange(4, 54)
    first = mask(tokens, 1, 2, 3)
    np.random.seed(5)
    np.testing.assert_array_equal(mask(tokens, 1, 2, 3), first)
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not np.array_equal(mask(tokens, *other)[1], first[1])


@pytest.mark.parametrize(("keep", "random", "expected"), [(1.0, 0.0, 60), (0.0, 0.0, MASK)])
def test_extreme_rates_do_one_thing_to_every_token(keep, random, expected):
    source, target = mask(np.full(100, 60), 1, rates=MaskingRates(1.0, keep, random))
    assert set(source) == {expected}
    assert set(target) == {60}
