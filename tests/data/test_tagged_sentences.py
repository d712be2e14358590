"""Long tagged sentences: split between words, every word once and in order, the parts as full as they can be."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairseq_alignmlm.data.tagged_sentences import TaggedSentences, part_bounds

PAD, EOS = 1, 2
words = st.lists(st.integers(1, 6), min_size=1, max_size=12)  # pieces of every word
SETTINGS = {"bos": 0, "eos": EOS, "padding_index": PAD, "seed": 1, "shuffle": False, "language": None, "batch_size": 4}


class Lines(list):
    """What `MMapIndexedDataset` offers of a list of index tensors."""

    @property
    def sizes(self):
        return np.array([len(line) for line in self], dtype=np.int32)


def sentences_of(widths_of_sentences):
    tokens, labels, number = Lines(), Lines(), itertools.count(10)
    for widths in widths_of_sentences:
        tokens.append(torch.tensor([next(number) for width in widths for _ in range(width)] + [EOS]))
        labels.append(
            torch.tensor([label for i, width in enumerate(widths) for label in (4 + i, *[PAD] * (width - 1))] + [EOS])
        )
    return tokens, labels


@given(words, st.integers(3, 10))
def test_parts_cover_the_sentence_begin_at_words_and_are_full(widths, room):
    starts = [0, *itertools.accumulate(widths)]
    length = starts.pop()
    bounds = part_bounds(starts, length, room)
    assert bounds[0] == 0
    assert bounds[-1] == length
    assert set(bounds[:-1]) <= set(starts)
    for first, last in itertools.pairwise(bounds):
        inside = [start for start in starts if first <= start < last]
        assert last - first <= room or len(inside) == 1  # only a word that is too long alone is longer
    for first, _, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        next_word = next((start for start in [*starts, length] if start > bounds[bounds.index(first) + 1]), after)
        assert next_word - first > room  # another word would not have fitted


@given(st.lists(words, min_size=1, max_size=4), st.integers(5, 12))
def test_joined_parts_have_every_label_of_every_sentence_in_order(widths_of_sentences, max_length):
    tokens, labels = sentences_of(widths_of_sentences)
    data = TaggedSentences(tokens, labels, split_long=True, max_length=max_length, **SETTINGS)
    found = [[] for _ in widths_of_sentences]
    for index in range(len(data)):
        instance = data[index]
        assert len(instance["tokens"]) == len(instance["labels"]) == data.size(index) <= max_length
        assert instance["tokens"][0] == 0
        assert instance["tokens"][-1] == EOS
        kept = [label for label in instance["labels"].tolist() if label != PAD]
        assert len(kept) == data.words(index)
        found[data.line(index)] += kept
    assert found == [[4 + i for i in range(len(widths))] for widths in widths_of_sentences]
    # all pieces are there but those of single words that are too long
    lost = sum(max(0, width - (max_length - 2)) for widths in widths_of_sentences for width in widths)
    assert sum(data.size(index) - 2 for index in range(len(data))) == sum(map(sum, widths_of_sentences)) - lost


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40), st.integers(6, 20))
def test_sentences_are_parted_where_xtremes_scripts_part_them(widths, room):
    parts, used = [0], 0  # a counter of pieces, and a new part for the word that exceeds it
    for word, width in enumerate(widths):
        if used + width > room:
            parts.append(word)
            used = 0
        used += width
    starts = [sum(widths[:word]) for word in range(len(widths))]
    assert part_bounds(starts, sum(widths), room)[:-1] == [starts[word] for word in parts]


def test_without_splitting_a_long_sentence_is_one_instance_and_is_cut():
    tokens, labels = sentences_of([[2, 2, 2], [1]])
    data = TaggedSentences(tokens, labels, max_length=5, **SETTINGS)
    assert len(data) == 2
    assert data.words(0) == 3
    assert data[0]["labels"].tolist() == [PAD, 4, PAD, 5, PAD]
    assert data.truncated == 1
