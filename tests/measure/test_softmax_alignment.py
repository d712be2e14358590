"""Links by two softmaxes, against probabilities written out; the verb `align`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.measure.softmax_alignment import align_sentences, softmax_links


def test_links_are_pairs_of_pieces_probable_in_both_directions():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(6, 4)) * 2, rng.normal(size=(5, 4)) * 2
    source_word, target_word = [0, 0, 1, 2, 3, 3], [0, 1, 1, 2, 3]
    expected = set()
    for i in range(6):
        for j in range(5):
            products = source @ target.T
            there = np.exp(products[i, j]) / np.exp(products[i]).sum()
            back = np.exp(products[i, j]) / np.exp(products[:, j]).sum()
            if there > 0.05 and back > 0.05:
                expected.add((source_word[i], target_word[j]))
    found = softmax_links(torch.tensor(source), torch.tensor(target), source_word, target_word, 0.05)
    assert found == sorted(expected)
    assert 0 < len(expected) < 16
    assert softmax_links(torch.empty(0, 4), torch.tensor(target), [], target_word, 0.05) == []


class Model:
    """Every word is as many pieces as it has letters; a piece's state says which letter it is, in any language."""

    layers = 1

    def encode_words(self, words, language):
        return [[ord(letter.lower()) - 97 for letter in word] for word in words]

    def states(self, rows, language, what):
        for index, row in reversed(list(enumerate(rows))):
            letters = torch.tensor([27, *row[:6], 28])  # 6 positions
            yield index, torch.stack([torch.zeros(len(letters), 30), 9.0 * torch.eye(30)[letters]])


def test_words_are_linked_by_their_pieces_and_blank_or_cut_ones_are_not():
    pairs = [(["ab", "c"], ["C", "BA"]), ([], ["A"]), (["a", "bcdef", "g"], ["A"])]
    assert align_sentences(Model(), ("en", "xx"), pairs, 1, 1e-3) == [[(0, 1), (1, 0)], [], [(0, 0)]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sentences", "en-fr=a"), "give L1-L2=FILE,FILE"),
        (("--sentences", "en=a,b"), "give L1-L2=FILE,FILE"),
        (("--sentences", "en-fr=a,b", "--threshold", "2"), "--threshold 2: give"),
        (("--sentences", "en-fr=a,b"), "no such checkpoint"),
    ],
)
def test_what_cannot_be_aligned_is_refused_in_one_line(tmp_path, capsys, arguments, message):
    pytest.importorskip("tokenizers", reason="needs the extra [hf]")
    output = tmp_path / "links"
    assert main("fairseq_alignmlm", "", ["align", str(tmp_path / "no.pt"), *arguments, "--output", str(output)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not output.exists()
