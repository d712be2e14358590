"""Every measure against a few lines of numpy that go through all pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.measure.intervals import bootstrap, mean_score
from fairseq_alignmlm.measure.lexicon import frequent_words, read_lexicon
from fairseq_alignmlm.measure.measures import context_hits
from fairseq_alignmlm.measure.similarity import lexicon_hits, linear_cka, mutual_hits, paired_hits
from fairseq_alignmlm.measure.word_alignment import GoldSentence, alignment_error_rate, mutual_links, read_gold

RANDOM = np.random.default_rng(4)


def vectors(rows, width=8, near=None):
    noise = RANDOM.normal(size=(rows, width))
    return torch.from_numpy(noise if near is None else near.numpy()[:rows] + 0.8 * noise).float()


def cosine(first, second):
    first, second = (
        x.double().numpy() / np.linalg.norm(x.double().numpy(), axis=1, keepdims=True) for x in (first, second)
    )
    return first @ second.T


def test_sentence_retrieval_and_mutual_nearest_pairs():
    source = vectors(60)
    target = vectors(60, near=source)
    similarity = cosine(source, target)
    there = similarity.argmax(1) == np.arange(60)
    back = similarity.argmax(0) == np.arange(60)
    assert (paired_hits(source, target) == there).all()
    assert (mutual_hits(source, target) == (there & back)).all()
    assert 0 < (there & back).sum() < there.sum() < 60


def test_word_retrieval_weak_csls_and_strong():
    target = vectors(70)
    source = vectors(40, near=target)
    gold = [[row, (row + 7) % 70][: 1 + row % 2] for row in range(40)]
    similarity, own = cosine(source, target), cosine(source, source)
    np.fill_diagonal(own, -np.inf)
    density_of_source = np.sort(similarity, 1)[:, -10:].mean(1)
    density_of_target = np.sort(similarity, 0)[-10:].mean(0)
    expected = {"weak": [], "csls": [], "strong": []}
    for row, right in enumerate(gold):
        best = max(similarity[row, column] for column in right)
        expected["weak"].append(similarity[row].argmax() in right)
        expected["csls"].append((2 * similarity[row] - density_of_source[row] - density_of_target).argmax() in right)
        expected["strong"].append(similarity[row].argmax() in right and own[row].max() < best)
    found = lexicon_hits(source, target, gold, block=7)
    for rule, values in expected.items():
        assert found[rule].tolist() == values, rule
    assert 0 < sum(expected["strong"]) < sum(expected["weak"]) < 40


def test_words_in_context():
    source = vectors(30)
    target = vectors(50, near=torch.cat((source, source)))
    pairs = [(row, row) for row in range(0, 30, 2)]
    similarity, own = cosine(source, target), cosine(source, source)
    np.fill_diagonal(own, -np.inf)
    weak = [similarity[a].argmax() == b for a, b in pairs]
    strong = [similarity[a].argmax() == b and own[a].max() < similarity[a, b] for a, b in pairs]
    found = context_hits(source, target, pairs)
    assert found["weak"].tolist() == weak
    assert found["strong"].tolist() == strong


def test_linear_cka_is_that_of_the_features():
    source, target = vectors(50, 6), vectors(50, 9)
    target[:, :6] += 2 * source
    x, y = (side.double().numpy() - side.double().numpy().mean(0) for side in (source, target))
    norm = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    score = linear_cka(source, target)
    assert score.value == pytest.approx(100 * np.linalg.norm(y.T @ x) ** 2 / norm, rel=1e-9)
    assert score.low < score.value < score.high
    assert linear_cka(source, source * 3 + 1).value == pytest.approx(100)


def test_alignment_error_rate():
    gold = [
        GoldSentence(["a", "b"], ["c", "d"], frozenset({(0, 0)}), frozenset({(0, 0), (1, 0)})),
        GoldSentence(["a"], ["c", "d"], frozenset({(0, 1)}), frozenset({(0, 1)})),
    ]
    found = [{(0, 0), (1, 0), (1, 1)}, {(0, 0)}]
    in_sure = in_possible = links = sure = 0
    for number, sentence in enumerate(gold):
        for link in found[number]:
            in_sure += link in sentence.sure
            in_possible += link in sentence.possible
            links += 1
        sure += len(sentence.sure)
    score = alignment_error_rate(found, gold)
    assert score.value == pytest.approx(100 * (1 - (in_sure + in_possible) / (links + sure)))
    assert score.value == pytest.approx(50.0)
    assert alignment_error_rate([set(s.sure) for s in gold], gold).value == 0.0


def test_links_are_mutual_nearest_words():
    source, target = vectors(9), vectors(7)
    similarity = cosine(source, target)
    expected = {
        (a, b)
        for a in range(9)
        for b in range(7)
        if similarity[a, b] == similarity[a].max() and similarity[a, b] == similarity[:, b].max()
    }
    assert mutual_links(source, target) == expected
    assert mutual_links(source[:0], target) == set()


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution():
    hits = np.arange(400) % 4 == 0
    score = mean_score(hits)
    assert score.value == 25.0
    error = 100 * np.sqrt(0.25 * 0.75 / 400)
    assert score.low == pytest.approx(25 - 1.96 * error, abs=0.6)
    assert score.high == pytest.approx(25 + 1.96 * error, abs=0.6)
    with pytest.raises(ValueError, match="nothing to measure"):
        bootstrap(0, lambda chosen: 0.0)


def test_vectors_that_are_not_finite_are_no_score():
    broken = vectors(5)
    broken[2, 3] = float("nan")
    for measure in (paired_hits, linear_cka, lambda a, b: lexicon_hits(a, b, [[0]] * 5)):
        with pytest.raises(FloatingPointError, match="NaN or infinity"):
            measure(broken, vectors(5))


def test_lexicons_of_both_formats_and_their_mistakes(tmp_path):
    (tmp_path / "muse.txt").write_text("Ash رماد\nash\tالرماد\nblade نصل\n", encoding="utf-8")
    lexicon = read_lexicon([tmp_path / "muse.txt"], lowercase=True)
    assert lexicon.forth == {"ash": ["رماد", "الرماد"], "blade": ["نصل"]}
    assert lexicon.back["نصل"] == ["blade"]
    (tmp_path / "bad.txt").write_text("one two\nonly\n")
    with pytest.raises(InputError, match=r"bad\.txt:2: 'only' is not two words"):
        read_lexicon([tmp_path / "bad.txt"])
    (tmp_path / "text").write_text("b a b ! a b 7\n")
    assert frequent_words(tmp_path / "text", 2) == ["b", "a"]


def test_gold_alignments_name_words_of_their_sentences(tmp_path):
    (tmp_path / "test.en").write_text("a b\nc\n")
    (tmp_path / "test.fr").write_text("d\ne f\n")
    (tmp_path / "alignv2.txt").write_text("0001 1 1 S\n0001 2 1 P\n0002 1 2 S\n")
    gold = read_gold(tmp_path, ("en", "fr"))
    assert gold[0].sure == {(0, 0)}
    assert gold[0].possible == {(0, 0), (1, 0)}
    assert gold[1].sure == {(0, 1)}
    for line in ("0001 3 1 S", "0003 1 1 S", "0001 0 1 S", "0001 1 1 X", "0001 1"):
        (tmp_path / "alignv2.txt").write_text(line + "\n")
        with pytest.raises(InputError, match=r"alignv2.txt:1: .* links no two words of a sentence"):
            read_gold(tmp_path, ("en", "fr"))


def test_gold_alignments_may_be_a_part_of_a_larger_text(tmp_path):
    (tmp_path / "test.en").write_text("a b\nc\n")
    (tmp_path / "test.hi").write_text("d\ne f\n")
    (tmp_path / "alignv2.txt").write_text("26 2 1\n29 1 2\n")
    gold = read_gold(tmp_path, ("en", "hi"))
    assert [sentence.sure for sentence in gold] == [{(1, 0)}, {(0, 1)}]


@pytest.mark.parametrize(("pair", "sentences"), [("en-fr", 447), ("en-hi", 90)])
def test_the_real_gold_alignments_are_read(shared_data, pair, sentences):
    folder = shared_data / "align_gold_xlmalign" / "alignment-test-sets" / pair
    gold = read_gold(folder, tuple(pair.split("-")))
    assert len(gold) == sentences
    assert all(sentence.possible for sentence in gold)
