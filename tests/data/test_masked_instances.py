"""Batches of every kind of instance against instances laid out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.data.masked_instances import MaskedInstances
from fairseq_alignmlm.data.masking import MaskingRates, MaskingSchedule
from fairseq_alignmlm.data.parts import MonolingualPart, ParallelPart
from fairseq_alignmlm.data.sentences import ParallelInstances, SentenceInstances

BOS, PAD, EOS, MASK = 0, 1, 2, 99


class Corpus(list):
    """Sentences as the memory-mapped data set gives them: tensors, with their sizes."""

    def __init__(self, sentences):
        super().__init__(torch.tensor([*sentence, EOS]) for sentence in sentences)
        self.sizes = np.array([len(sentence) for sentence in self], dtype=np.int32)


def batches(parts, languages=2, rates=None, **settings):
    special = np.zeros(100, dtype=bool)
    special[[BOS, PAD, EOS, 3, MASK]] = True
    replacements = [np.arange(4, 50)] * languages
    dataset = MaskedInstances(
        *(parts, None, rates or MaskingRates(), special, replacements, MASK, PAD),
        **({"seed": 1, "shuffle": False, "with_language_ids": True} | settings),
    )
    return dataset, dataset.collater([dataset[i] for i in range(len(dataset))])


words = st.integers(4, 60)
sentences = st.lists(words, min_size=1, max_size=7)
corpora = st.lists(sentences, min_size=1, max_size=12)
NOTHING = MaskingRates(select=0.0)


@settings(deadline=None, max_examples=1000)
@given(corpora)
def test_monolingual_instances_hold_every_sentence_once_with_positions_ids_and_padding(corpus):
    limit = 10
    instances = SentenceInstances(Corpus(corpus), limit, BOS)
    _, batch = batches([MonolingualPart("en", 1, instances)], rates=NOTHING)
    seen = []
    for tokens, positions, ids in zip(
        *(batch["net_input"][key].tolist() for key in ("src_tokens", "positions", "language_ids")), strict=True
    ):
        length = sum(token != PAD for token in tokens)
        assert tokens[0] == BOS
        assert tokens[length:] == [PAD] * (len(tokens) - length)
        assert positions == [*range(2, 2 + length)] + [PAD] * (len(tokens) - length)
        assert ids == [1] * length + [0] * (len(tokens) - length)
        seen += tokens[1:length]
    kept = instances.packing.kept.tolist()
    assert sorted(kept) == list(range(len(corpus)))
    assert seen == [token for index in kept for token in (*corpus[index], EOS)]
    assert batch["target"].eq(PAD).all()


@settings(deadline=None, max_examples=1000)
@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=12), st.booleans())
def test_parallel_instances_restart_positions_and_keep_pairs_together(pairs, halves):
    limit = 10
    first, second = (Corpus(side) for side in zip(*pairs, strict=True))
    instances = ParallelInstances(first, second, limit, BOS, np.arange(len(pairs)))
    part = ParallelPart("tlm", (1, 2), instances, limit if halves else None)
    _, batch = batches([part], rates=NOTHING)
    seen = ([], [])
    for tokens, positions, ids in zip(
        *(batch["net_input"][key].tolist() for key in ("src_tokens", "positions", "language_ids")), strict=True
    ):
        for number in (1, 2):
            own = [place for place, language in enumerate(ids) if language == number]
            assert own == list(range(own[0], own[-1] + 1))  # one run
            if halves:
                assert own[0] == (number - 1) * limit
            assert [positions[place] for place in own] == list(range(2, 2 + len(own)))
            run = [tokens[place] for place in own]
            assert run[0] == BOS
            assert len(run) <= limit
            seen[number - 1].append(run[1:])
        for place, language in enumerate(ids):
            assert (language == 0) == (tokens[place] == PAD) == (positions[place] == PAD)
        # Both halves hold the same pairs.
        assert seen[0][-1].count(EOS) == seen[1][-1].count(EOS)
        if not halves:
            assert 0 not in ids[: sum(map(bool, ids))]
    kept = instances.packing.kept.tolist()
    assert sorted(kept) == list(range(len(pairs)))
    for side, number in ((first, 0), (second, 1)):
        assert list(itertools.chain(*seen[number])) == torch.cat([side[index] for index in kept]).tolist()


def test_a_batch_of_equal_lengths_promises_no_padding_and_others_do_not():
    equal = MonolingualPart("en", 1, SentenceInstances(Corpus([[5] * 8, [6] * 8]), 10, BOS))
    unequal = MonolingualPart("en", 1, SentenceInstances(Corpus([[5] * 8, [6] * 7]), 10, BOS))
    assert batches([equal])[1]["net_input"]["has_padding"] is False
    assert batches([unequal])[1]["net_input"]["has_padding"] is True


def test_masks_and_order_are_the_same_again_and_differ_between_epochs():
    corpus = Corpus([[word] * 6 for word in range(4, 60)])
    part = MonolingualPart("en", 1, SentenceInstances(corpus, 10, BOS))
    first, _ = batches([part], shuffle=True)
    again, _ = batches([part], shuffle=True)
    for dataset in (first, again):
        dataset.set_epoch(2)
    np.testing.assert_array_equal(first.ordered_indices(), again.ordered_indices())
    np.testing.assert_array_equal(first[5]["source"], again[5]["source"])
    before = [first[i]["target"].tolist() for i in range(len(first))], first.ordered_indices().tolist()
    first.set_epoch(3)
    assert [first[i]["target"].tolist() for i in range(len(first))] != before[0]
    assert first.ordered_indices().tolist() != before[1]


def test_unequal_parallel_corpora_are_refused():
    with pytest.raises(ValueError, match="2 lines against 1"):
        ParallelInstances(Corpus([[5], [6]]), Corpus([[5]]), 10, BOS, np.arange(1))


def test_language_ids_stay_out_of_the_input_of_a_model_without_language_embeddings():
    part = MonolingualPart("en", 1, SentenceInstances(Corpus([[5, 6]]), 10, BOS))
    _, batch = batches([part], with_language_ids=False)
    assert "language_ids" not in batch["net_input"]
    assert batch["language_ids"].tolist() == [[1, 1, 1, 1]]


def test_an_instance_that_comes_again_in_an_epoch_has_other_masks_and_the_same_after_a_resume():
    small, large = ([[word] * 6 for word in range(4, 4 + count)] for count in (3, 30))
    parts = [
        MonolingualPart(name, 1, SentenceInstances(Corpus(each), 10, BOS))
        for name, each in (("a", small), ("b", large))
    ]
    special = np.zeros(100, dtype=bool)
    special[[BOS, PAD, EOS, 3, MASK]] = True
    replacements = [np.arange(4, 50)]
    arguments = (parts, [30, 3], MaskingRates(0.5), special, replacements, MASK, PAD)
    dataset, again = (MaskedInstances(*arguments, seed=1, shuffle=True, with_language_ids=False) for _ in range(2))
    order = dataset.ordered_indices()
    np.testing.assert_array_equal(again.ordered_indices(), order)
    fits, ignored = dataset.filter_indices_by_size(order, 20)
    assert len(fits) == len(order) and not ignored
    assert dataset.filter_indices_by_size(order, 7)[1] == order.tolist()
    targets = {index: dataset[index]["target"].tolist() for index in order}
    assert targets == {index: again[index]["target"].tolist() for index in order[::-1]}
    for instance in range(3):
        copies = [index for index in order if index % 33 == instance]
        assert len(copies) == 10
        assert len({tuple(targets[index]) for index in copies}) > 5
        assert {dataset[index]["part"] for index in copies} == {0}
        assert dataset.num_tokens(copies[-1]) == len(targets[copies[0]]) == 8


def test_a_schedule_of_the_masking_share_only_takes_tokens_away_until_the_last_share():
    corpus = Corpus([[word % 50 + 4] * 8 for word in range(400)])
    part = MonolingualPart("en", 1, SentenceInstances(corpus, 10, BOS))
    schedule = MaskingSchedule(0.1, 5)
    dataset, _ = batches([part], rates=MaskingRates(0.5), shuffle=True, schedule=schedule)
    shares = []
    for epoch in (1, 2, 3, 4, 5, 6):
        dataset.set_epoch(epoch)
        shares.append(np.mean([np.mean(dataset[i]["target"][1:-1] != PAD) for i in range(len(dataset))]))
    np.testing.assert_allclose(shares, [0.5, 0.4, 0.3, 0.2, 0.1, 0.1], atol=0.03)
    dataset.set_epoch(3)
    plain, _ = batches([part], rates=MaskingRates(0.3), shuffle=True)
    plain.set_epoch(3)
    np.testing.assert_array_equal(dataset[7]["target"], plain[7]["target"])
    valid, _ = batches([part], rates=MaskingRates(0.5), schedule=schedule)
    last, _ = batches([part], rates=MaskingRates(0.1))
    np.testing.assert_array_equal(valid[7]["target"], last[7]["target"])


def test_short_instances_come_first_in_the_first_epochs_and_as_ever_afterwards():
    corpus = Corpus([[4] * (1 + 7 * number % 8) for number in range(30)])
    part = MonolingualPart("en", 1, SentenceInstances(corpus, 10, BOS, single=True))
    dataset, _ = batches([part], shuffle=True, short_first=2)
    plain, _ = batches([part], shuffle=True)
    for epoch in (1, 2, 3):
        for each in (dataset, plain):
            each.set_epoch(epoch)
        order = dataset.ordered_indices()
        assert sorted(order) == list(range(30))
        if epoch < 3:
            assert (np.diff(dataset.sizes[order]) >= 0).all()
        else:
            np.testing.assert_array_equal(order, plain.ordered_indices())
