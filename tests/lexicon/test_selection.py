"""Dictionaries that do not belong to the data: another vocabulary, the other way round, of no use."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from fairseq.data import Dictionary

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary
from fairseq_alignmlm.lexicon.direction import coverage, direction_votes
from fairseq_alignmlm.lexicon.selection import dictionaries_for

ENGLISH, GERMAN = ("the", "dog", "house", "and"), ("der", "hund", "haus", "und")
SHARED = ("in", "arm", "unused", "never")


@pytest.fixture
def data():
    """English and German text over one vocabulary; both have `in` and `arm`, English more often."""
    vocabulary = Dictionary()
    for symbol in (*ENGLISH, *GERMAN, *SHARED):
        vocabulary.add_symbol(symbol)
    counts = {
        "en": {"the": 50, "dog": 5, "house": 5, "and": 30, "in": 20, "arm": 4},
        "de": {"der": 500, "hund": 50, "haus": 50, "und": 300, "in": 100, "arm": 10},
    }

    def token_counts(language):
        return np.array([counts[language].get(symbol, 0) for symbol in vocabulary.symbols])

    def with_languages(*languages):
        identity = Identity(symbols="aa", languages=languages)
        return SimpleNamespace(
            source_dictionary=vocabulary, languages=languages, identity=identity, token_counts=token_counts
        )

    return with_languages


def write(path, pairs, identity=None):
    header = f"# {identity.comment()}\n" if identity else "# mine\n"
    path.write_text(header + "".join(f"{first}\t{second}\n" for first, second in pairs))
    return str(path)


FORWARD = [*zip(ENGLISH, GERMAN, strict=True), ("in", "in"), ("arm", "arm")]


def test_a_dictionary_the_other_way_round_is_refused_whether_it_says_its_languages_or_not(data, tmp_path):
    plain = write(tmp_path / "plain.tsv", FORWARD)
    told = write(tmp_path / "told.tsv", FORWARD, Identity("aa", languages=("en", "de")))
    for path in (plain, told):
        assert [pair[:2] for pair in dictionaries_for(path, data("en", "de"))] == [("en", "de")]
        assert [pair[:2] for pair in dictionaries_for(f"en-de={path}", data("de", "en"))] == [("en", "de")]
    with pytest.raises(InputError, match=r"plain.tsv: goes from en to de: so say 4 of 4 entries .* --languages en,de"):
        dictionaries_for(plain, data("de", "en"))
    with pytest.raises(InputError, match=r"told.tsv: goes from en to de, and is used from de to en; give --languages"):
        dictionaries_for(told, data("de", "en"))


def test_a_dictionary_of_another_vocabulary_is_refused_though_all_its_pieces_are_known(data, tmp_path):
    path = write(tmp_path / "d.tsv", FORWARD, Identity("bb", languages=("en", "de")))
    with pytest.raises(InputError, match=r"d.tsv: is of another vocabulary \(bb\) than the data \(aa\)"):
        dictionaries_for(path, data("en", "de"))


def test_a_dictionary_that_the_text_never_uses_is_refused(data, tmp_path):
    path = write(tmp_path / "d.tsv", [("unused", "never"), ("never", "unused")])
    with pytest.raises(InputError, match="no piece of it occurs in the text of en or de, so it would change nothing"):
        dictionaries_for(path, data("en", "de"))


def test_a_dictionary_with_the_same_pieces_on_both_sides_is_refused(data, tmp_path):
    path = write(tmp_path / "d.tsv", [("in", "in"), ("arm", "arm")])
    with pytest.raises(InputError, match="every entry has the same pieces on both sides, so it would change nothing"):
        dictionaries_for(path, data("en", "de"))


def test_what_could_not_be_verified_is_told(data, tmp_path, caplog):
    dictionaries_for(write(tmp_path / "d.tsv", FORWARD), data("en", "de"))
    assert "that its pieces are known, and its direction, by the pieces of 4 entries" in caplog.text
    caplog.clear()
    dictionaries_for(write(tmp_path / "d.tsv", [("in", "in"), ("in unused", "unused in")]), data("en", "de"))
    assert "and not its direction" in caplog.text
    caplog.clear()
    dictionaries_for(write(tmp_path / "d.tsv", FORWARD, Identity("aa", languages=("en", "de"))), data("en", "de"))
    assert not caplog.text


def test_votes_equal_likelihoods_written_out(data, tmp_path):
    task = data("en", "de")
    path = write(tmp_path / "d.tsv", [("the dog", "hund"), ("und", "and"), ("unused never", "in"), ("arm", "arm")])
    entries = BilingualDictionary.load(path).to_indices(task.source_dictionary.index)
    english, german = (task.token_counts(name) for name in ("en", "de"))
    expected = [0, 0]
    for source, target in zip(entries.source, entries.target, strict=True):
        likelihoods = []
        for first, second in ((english, german), (german, english)):
            value = 1.0
            for side, counts in ((source, first), (target, second)):
                for piece in side[side >= 0]:
                    value *= counts[piece] / counts.sum() + 0.5 / min(english.sum(), german.sum())
            likelihoods.append(value)
        ratio = likelihoods[0] / likelihoods[1]
        expected[0] += ratio > 2
        expected[1] += ratio < 0.5
    assert direction_votes(entries.source, entries.target, english, german) == tuple(expected) == (1, 1)
    assert coverage(entries.target, german) == pytest.approx(160 / 1010)
