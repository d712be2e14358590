"""Linked sentences on the disk, in batches, and several pairs in turn."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from fairseq_alignmlm.data.linked_sentences import LinkedPair, LinkedSentences, find_pairs, open_linked
from fairseq_alignmlm.data.round_robin import ALL, FIRST, round_robin
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from tests.linked_data import reversed_pairs, write_linked

BOS, PAD = 0, 1


@pytest.fixture
def vocabulary(tmp_path) -> Path:
    path = tmp_path / "dict.txt"
    path.write_text("".join(f"w{i} 1\n" for i in range(80)))
    return path


def make(folder, vocabulary, pairs, languages=("en", "xx")):
    write_linked(folder, vocabulary, {"train": pairs, "valid": pairs[:2]}, languages)
    return folder


def test_a_batch_has_every_word_and_its_translation(tmp_path, vocabulary):
    pairs = reversed_pairs(5, seed=1)
    data = LinkedSentences(
        [LinkedPair(make(tmp_path / "links", vocabulary, pairs), "train", ("en", "xx"))], BOS, PAD, 1
    )
    batch = data.collater([data[i] for i in (3, 0)])
    tokens, words = batch["net_input"]["src_tokens"], batch["words"]
    firsts = tokens.flatten()[words].tolist()
    expected = [word[0] for number in (3, 0) for side in pairs[number][:2] for word in side]
    assert firsts == expected
    assert batch["word_language"].tolist() == [side for n in (3, 0) for side in (0, 1) for _ in pairs[n][side]]
    assert [firsts[j] - firsts[i] for i, j in batch["links"].tolist()] == [40] * sum(len(pairs[n][2]) for n in (3, 0))
    for row, (number, side) in zip(tokens, ((3, 0), (3, 1), (0, 0), (0, 1)), strict=True):
        pieces = [BOS, *(piece for word in pairs[number][side] for piece in word), 2]
        assert row.tolist() == pieces + [PAD] * (len(row) - len(pieces))
    assert batch["net_input"]["token_index"].tolist() == tokens.ne(PAD).flatten().nonzero()[:, 0].tolist()


def test_models_with_language_embeddings_get_language_ids(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(4, seed=1))
    data = open_linked([folder], "train", Identity(), "x", ["xx", "en"], bos=BOS, padding_index=PAD, seed=1)
    batch = data.collater([data[0], data[1]])
    there = batch["net_input"]["src_tokens"].ne(PAD)
    assert torch.equal(batch["net_input"]["language_ids"], torch.tensor([[2], [1]] * 2) * there.long())


@pytest.mark.parametrize("ending", [FIRST, ALL])
def test_pairs_take_turns_and_end_as_asked(ending):
    order = round_robin([3, 7, 5], ending, seed=1, epoch=2)
    turns = order[:, 0].reshape(-1, 3)
    assert (turns == [0, 1, 2]).all()
    assert len(turns) == (3 if ending == FIRST else 7)
    seen = [Counter(order[order[:, 0] == number][:, 1].tolist()) for number in range(3)]
    for size, times in zip([3, 7, 5], seen, strict=True):
        assert set(times) <= set(range(size))
        if ending == ALL:  # each as often as the others, or once more
            assert len(times) == size and max(times.values()) - min(times.values()) <= 1
        else:
            assert len(times) == 3 and set(times.values()) == {1}


def test_the_rest_of_larger_pairs_is_never_seen_when_the_first_ends_an_epoch():
    seen = [set(map(tuple, round_robin([3, 9], FIRST, 1, epoch).tolist())) for epoch in (1, 2, 3)]
    assert seen[0] == seen[1] == seen[2]
    orders = [round_robin([3, 9], FIRST, 1, epoch).tolist() for epoch in (1, 2, 3)]
    assert orders[0] != orders[1] or orders[1] != orders[2]


def test_folders_with_several_pairs_are_found_by_their_names(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(4, seed=1), ("en", "zh-hant"))
    make(folder, vocabulary, reversed_pairs(3, seed=2), ("en", "fr"))
    assert find_pairs(folder, "train") == [("en", "fr"), ("en", "zh-hant")]
    data = open_linked([folder], "train", Identity(), "x", bos=BOS, padding_index=PAD, seed=1)
    assert len(data) == 7
    assert len(data.ordered_indices()) == 8
    with pytest.raises(InputError, match="language 'fr' is not one of the model's"):
        open_linked([folder], "train", Identity(), "x", ["en", "zh-hant"], bos=BOS, padding_index=PAD, seed=1)


def test_links_of_another_vocabulary_are_refused(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(4, seed=1))
    with pytest.raises(InputError, match="another vocabulary") as error:
        open_linked([folder], "train", Identity(symbols="f" * 16), "model.pt", bos=BOS, padding_index=PAD, seed=1)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([([[4], [5]], [[44]], [(0, 1)])], "a piece or word that is not there"),
        ([([[4], [5]], [[44]], [(2, 0)])], "a piece or word that is not there"),
    ],
)
def test_a_link_to_a_word_that_is_not_there_is_refused(tmp_path, vocabulary, pairs, message):
    data = LinkedPair(make(tmp_path / "links", vocabulary, pairs * 2), "train", ("en", "xx"))
    with pytest.raises(InputError, match=message):
        data[0]


def test_a_symbol_beyond_the_vocabulary_is_refused(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(4, seed=1))
    data = open_linked([folder], "train", Identity(), "x", None, 50, bos=BOS, padding_index=PAD, seed=1)
    with pytest.raises(InputError, match="the vocabulary 50"):
        [data[i] for i in range(4)]


def test_broken_or_missing_files_are_refused(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(4, seed=1))
    with pytest.raises(InputError, match="no such folder of linked sentences"):
        open_linked([tmp_path / "nothing"], "train", Identity(), "x", bos=BOS, padding_index=PAD, seed=1)
    with pytest.raises(InputError, match="no linked sentences for test"):
        find_pairs(folder, "test")
    short = make(tmp_path / "short", vocabulary, reversed_pairs(3, seed=1))
    for suffix in ("bin", "idx"):
        (folder / f"train.en-xx.links.{suffix}").write_bytes((short / f"train.en-xx.links.{suffix}").read_bytes())
    with pytest.raises(InputError, match="its files differ in length"):
        LinkedPair(folder, "train", ("en", "xx"))
    empty = write_linked(tmp_path / "empty", vocabulary, {"train": []})
    with pytest.raises(InputError, match="holds no sentence"):
        LinkedPair(empty, "train", ("en", "xx"))
    half = reversed_pairs(1, seed=1)
    write_linked(tmp_path / "half", vocabulary, {"train": [(half[0][0], half[0][1], [(0,)])]})
    with pytest.raises(InputError, match="half a link"):
        LinkedPair(tmp_path / "half", "train", ("en", "xx"))


def test_the_order_is_a_function_of_seed_and_epoch(tmp_path, vocabulary):
    folder = make(tmp_path / "links", vocabulary, reversed_pairs(30, seed=1))
    orders = []
    for seed, epoch in ((1, 1), (1, 1), (1, 2), (2, 1)):
        data = open_linked([folder], "train", Identity(), "x", bos=BOS, padding_index=PAD, seed=seed)
        data.set_epoch(epoch)
        orders.append(data.ordered_indices().tolist())
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders}) == 3
    assert np.array_equal(np.sort(orders[0]), np.arange(30))
