"""Bilingual dictionaries: what is used, what is counted, what is refused."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.counterparts import read_counterparts, write_counterparts
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary, write_dictionary
from fairseq_alignmlm.lexicon.selection import load_dictionaries

VOCABULARY = {symbol: index for index, symbol in enumerate(["▁a", "▁b", "c", "#", "x:▁a", "x:▁b", "x:c", "x:#"])}


def written(tmp_path, text: str):
    path = tmp_path / "dictionary.tsv"
    path.write_bytes(text.encode())
    return path


def test_pieces_become_padded_indices_and_translations_share_one_weight(tmp_path):
    path = written(tmp_path, "# head\n▁a\tx:▁a\n▁a\tx:▁b x:c\n▁b c\tx:c\n")
    indices = BilingualDictionary.load(path).to_indices(VOCABULARY.get)
    assert indices.source.tolist() == [[0, -1], [0, -1], [1, 2]]
    assert indices.target.tolist() == [[4, -1], [5, 6], [6, -1]]
    assert indices.source.dtype == np.int64
    assert indices.weight.tolist() == [0.5, 0.5, 1.0]
    assert indices.weight.sum() == 2  # distinct L1 sides


def test_entries_of_one_piece_are_found_on_either_side(tmp_path):
    path = written(tmp_path, "▁a\tx:▁a\n▁a\tx:▁b x:c\n▁b c\tx:c\n")
    source, target = BilingualDictionary.load(path).to_indices(VOCABULARY.get).single_pieces()
    assert source.tolist() == [True, True, False]
    assert target.tolist() == [True, False, True]


def test_a_path_with_an_equals_sign_is_a_path(tmp_path):
    folder = tmp_path / "seed=1"
    folder.mkdir()
    path = written(folder, "▁a\tx:▁a\n")
    assert [found[:2] for found in load_dictionaries(str(path), ["en", "x", "y"])] == [("en", "x")]
    assert [found[:2] for found in load_dictionaries(f"x-y={path}", ["en", "x", "y"])] == [("x", "y")]


def test_the_piece_number_sign_is_an_entry_and_not_a_comment(tmp_path):
    path = tmp_path / "dictionary.tsv"
    write_dictionary(path, [("#", "x:#"), ("▁a", "x:▁a")], ["percent: 100"])
    assert [entry.source for entry in BilingualDictionary.load(path).entries] == [("#",), ("▁a",)]


def test_unusable_lines_are_counted_by_reason_and_logged(tmp_path, caplog):
    path = written(tmp_path, "▁a\tx:▁a\n▁a\tx:▁a\n▁b\t \n▁b\tx:▁b\tmore\n<unk>\tx:c\n▁b x:▁b\t\n")
    with caplog.at_level(logging.WARNING):
        dictionary = BilingualDictionary.load(path)
    assert len(dictionary.entries) == 1
    assert dictionary.dropped == {
        "repeated entry": 1,
        "empty side": 2,
        "3 columns instead of 2": 1,
        "special symbol": 1,
    }
    assert "2 x empty side" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no entries"),
        ("# only a comment\n", "holds no entries"),
        ("# c\n▁a\tx:▁a\tx\n▁b\n", ":2: 3 columns instead of 2; no usable entry is left"),
        ("▁a\t\n", ":1: empty side"),
    ],
)
def test_nothing_usable_is_an_error_that_names_file_and_line(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as error:
        BilingualDictionary.load(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_invalid_utf8_and_a_missing_file_are_one_line_errors(tmp_path):
    path = tmp_path / "dictionary.tsv"
    path.write_bytes("▁a\tx:▁a\n".encode() + b"\xff\tx\n")
    with pytest.raises(InputError, match=r"dictionary\.tsv:2: not valid UTF-8"):
        BilingualDictionary.load(path)
    with pytest.raises(InputError, match="no such file"):
        BilingualDictionary.load(tmp_path / "missing.tsv")


def test_a_dictionary_for_another_vocabulary_is_refused_with_its_first_unknown_piece(tmp_path):
    path = written(tmp_path, "▁a\tx:▁a\n▁other\ty:▁other\n▁b\ty:▁b\n")
    with pytest.raises(InputError, match=r"tsv:2: made for another vocabulary: '▁other' is unknown.* 1 of 3 entries"):
        BilingualDictionary.load(path).to_indices(VOCABULARY.get)


def test_a_few_unknown_pieces_are_left_out_and_counted(tmp_path, caplog):
    path = written(tmp_path, "▁a\tx:▁a\n▁b\tx:▁b\nc\tx:unknown\n")
    with caplog.at_level(logging.WARNING):
        indices = BilingualDictionary.load(path).to_indices(VOCABULARY.get)
    assert indices.source.tolist() == [[0], [1]]
    assert indices.dropped == {"unknown piece": 1}
    assert "1 x unknown piece" in caplog.text


def test_counterparts_survive_writing_and_reading(tmp_path):
    path = tmp_path / "counterparts.tsv"
    pairs = [("▁a", "x:▁a"), ("#", "x:#"), ("c", "c")]
    write_counterparts(path, pairs, ["derived: x"])
    assert path.read_text().startswith("# derived: x\n")
    assert read_counterparts(path) == pairs


@pytest.mark.parametrize("text", ["▁a\n", "▁a\tx:▁a\n▁b\tx:▁a\n", "▁a\t\n", ""])
def test_broken_counterparts_are_refused(tmp_path, text):
    with pytest.raises(InputError):
        read_counterparts(written(tmp_path, text))
