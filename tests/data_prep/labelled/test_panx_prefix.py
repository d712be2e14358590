"""PAN-X as it is distributed, ``en:token TAB tag``: the language is taken off, and nothing else ever is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.labelled.tagged_sentences import read_tagged
from fairseq_alignmlm.errors import InputError

tokens = st.text(alphabet="abn:é.-", min_size=1, max_size=6)


def written(folder, tokens_of_sentences, prefix=""):
    path = folder / "train"
    text = "\n".join("".join(f"{prefix}{token}\tO\n" for token in sentence) for sentence in tokens_of_sentences)
    path.write_text(text, encoding="utf-8")
    return path


@given(st.lists(st.lists(tokens, min_size=1, max_size=5), min_size=1, max_size=4), st.sampled_from(["en:", "zh-yue:"]))
def test_tokens_come_back_without_their_language_even_if_they_hold_colons(tmp_path_factory, sentences, prefix):
    path = written(tmp_path_factory.mktemp("panx"), sentences, prefix)
    assert [sentence.words for sentence in read_tagged(path)] == sentences


def test_a_token_that_only_looks_like_a_prefix_stays(tmp_path):
    sentences = [["re:", "en:the"], ["http://a"]]
    assert [sentence.words for sentence in read_tagged(written(tmp_path, sentences))] == sentences


def test_a_prefix_that_stops_is_an_error_with_its_line(tmp_path):
    path = written(tmp_path, [["a"] * 1500], "en:")
    path.write_text(path.read_text() + "b\tO\n")
    with pytest.raises(InputError, match=r"train:1501: token 'b' does not start with en: as those before it do"):
        list(read_tagged(path))


@pytest.mark.parametrize("language", ["en", "fr", "ar", "hi"])
def test_real_data_with_and_without_prefix_are_read_the_same(tmp_path, shared_data, language):
    plain = shared_data / "panx" / f"dev-{language}.tsv"
    prefixed = tmp_path / "dev"
    lines = plain.read_text(encoding="utf-8").split("\n")
    prefixed.write_text("\n".join(f"{language}:{line}" if line else "" for line in lines), encoding="utf-8")
    whole = list(read_tagged(plain))
    assert list(read_tagged(prefixed)) == whole
    assert len(whole) == (1_000 if language == "hi" else 10_000)
