"""Linked words that are each other's nearest, by layer, against a count word by word."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.measure.linked_words import measure_links
from tests.linked_data import reversed_pairs, write_linked

LAYERS, WIDTH = 2, 6


class Model:
    """States are a table of the pieces, other ones in every layer, plus a little of their place."""

    layers = LAYERS

    def __init__(self, identity):
        self.identity = identity
        torch.manual_seed(0)
        self.table = torch.randn(LAYERS + 1, 100, WIDTH)
        self.table[1, 44:84] = self.table[1, 4:44] + 0.2 * torch.randn(40, WIDTH)
        self.embeddings = self.table[0]

    def states(self, rows, language, what):
        for index, row in reversed(list(enumerate(rows))):
            pieces = torch.tensor([0, *row, 2])
            yield index, self.table[:, pieces] + 0.01 * torch.arange(len(pieces))[:, None]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dict.txt").write_text("".join(f"w{i} 1\n" for i in range(80)))
    return write_linked(tmp_path / "links", tmp_path / "dict.txt", {"valid": reversed_pairs(12, seed=5)})


def test_every_layer_and_direction_is_what_counting_gives(folder):
    model = Model(Identity.of_dict(folder / "dict.txt"))
    found = measure_links(model, folder, most=10**6)
    words = [[], []]
    for source, target, links in reversed_pairs(12, seed=5):
        for side, sentence in enumerate((source, target)):
            place = np.cumsum([1, *map(len, sentence[:-1])])
            for link in links:
                word = link[side]
                words[side].append(model.table[:, sentence[word][0]] + 0.01 * int(place[word]))
    states = [torch.stack(side, 1).numpy() for side in words]
    assert {(each.layer, each.direction) for each in found} == {
        (layer, direction) for layer in range(LAYERS + 1) for direction in ("en>xx", "xx>en")
    }
    for each in found:
        one, other = states if each.direction == "en>xx" else states[::-1]
        one, other = (s[each.layer] / np.linalg.norm(s[each.layer], axis=1, keepdims=True) for s in (one, other))
        hits = 0
        for i in range(len(one)):
            rivals = [other[i] @ one[i] > other[j] @ one[i] for j in range(len(one)) if j != i]
            if each.measure.endswith("strong"):
                rivals += [other[i] @ one[i] > one[j] @ one[i] for j in range(len(one)) if j != i]
            hits += all(rivals)
        assert each.score.value == pytest.approx(100 * hits / len(one), abs=0.5)  # equal words are ties
        assert each.score.n == len(one)


def test_no_more_links_than_asked_for_are_measured(folder):
    model = Model(Identity.of_dict(folder / "dict.txt"))
    assert {each.score.n for each in measure_links(model, folder, most=10)} == {10}


def test_links_of_another_vocabulary_are_refused(folder):
    with pytest.raises(InputError, match="another vocabulary"):
        measure_links(Model(Identity(symbols="0" * 16)), folder, most=10)
