"""Every reader makes something of a broken file, or says in one line what is wrong with it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.training_log import read_curve
from fairseq_alignmlm.storage import parse_json
from tests.chaos import entry_points, fuzz, hostile_checkpoints, limited, mutations, parsers

INPUTS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    entry_points.register_plugin()
    return tmp_path_factory.mktemp("parsers")


@pytest.fixture(scope="module")
def readers(folder) -> dict[str, parsers.Parser]:
    return {parser.name: parser for parser in parsers.all_parsers(folder)}


def test_mutated_files_end_in_a_result_or_in_one_line(readers, folder):
    assert len(readers) > 45
    for parser in readers.values():
        fuzz.unchanged(parser, folder)
        counts, failures = fuzz.run_parser(parser, INPUTS, 1, folder)
        assert not failures, failures
        assert counts[limited.OK] + counts[limited.REFUSED] >= (INPUTS * fuzz.SLOW_SHARE if parser.slow else INPUTS)


@pytest.mark.parametrize("name", ["dict.txt", "counterparts", "identity", "result.json", "answers", "CoNLL-U"])
@hypothesis.settings(max_examples=40, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(data=strategies.data())
def test_any_text_at_all_ends_in_a_result_or_in_one_line(name, readers, folder, data):
    content = data.draw(strategies.one_of(strategies.text().map(str.encode), strategies.binary()))
    path = folder / readers[name].file
    path.write_bytes(content)
    try:
        readers[name].read(path)
    except InputError as error:
        assert "\n" not in str(error)


def test_limits_tell_how_a_call_ended(folder):
    def behave(how: str) -> None:
        if how == "hangs":
            while True:
                pass
        if how == "dies":
            import os

            os.abort()
        if how == "takes memory":
            bytearray(2**32)
        if how == "fails":
            raise KeyError(how)
        if how == "refuses":
            raise InputError("one line")
        if how == "refuses at length":
            raise InputError("two\nlines")

    limited.SECONDS, before = 0.5, limited.SECONDS
    try:
        ways = ("returns", "hangs", "dies", "takes memory", "fails", "refuses", "refuses at length", "returns")
        kinds = [ending.kind for ending in limited.run_all(behave, ways, (InputError,))]
    finally:
        limited.SECONDS = before
    assert kinds == ["ok", "hang", "crash", "memory", "traceback", "refused", "traceback", "ok"]


def test_mutations_are_a_function_of_the_seed():
    seed = json.dumps({"a": [1, 2]}).encode()
    first, again = ([mutations.mutate(seed, random.Random(i)) for i in range(50)] for _ in range(2))
    assert first == again and len(set(first)) > 40


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5000, "{", b"\xff"])
def test_json_that_is_none_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_a_training_log_that_was_cut_within_a_number_is_read_up_to_there(tmp_path):
    line = "x | train_inner | loss=8.5, num_updates=10\n"
    (tmp_path / "train.log").write_text(line + line.replace("=10", "=122026-01-01") + line.replace("8.5", "²"))
    assert read_curve(tmp_path / "train.log") == {"updates": [10.0], "loss": [8.5]}


def test_an_index_whose_sentences_do_not_follow_each_other_is_refused(folder):
    from fairseq_alignmlm.data.binarized import load_binarized

    data = hostile_checkpoints.make_data(folder) / "en" / "train"
    good = data.with_suffix(".idx").read_bytes()
    changed = bytearray(good)
    changed[-9] ^= 4  # within the last pointer but one
    try:
        data.with_suffix(".idx").write_bytes(changed)
        with pytest.raises(InputError, match="do not follow each other"):
            load_binarized(data)
    finally:
        data.with_suffix(".idx").write_bytes(good)


@pytest.mark.parametrize("name", ["result.json", "SentencePiece model", "tokenizer.json", "a.zip"])
def test_what_the_campaign_found_stays_found(name, readers, folder):
    """Inputs of seed 1: an update of 401 digits; a piece that is not UTF-8; tokens that are a number; no name."""
    if name not in readers:
        pytest.skip("needs the extra [hf]")
    numbers = {"result.json": 200_260, "SentencePiece model": 200_010, "tokenizer.json": 300_050, "a.zip": 300_000}
    first = numbers[name]
    counts, failures = fuzz.run_parser(readers[name], 100, 1, folder, first)
    assert not failures and counts[limited.REFUSED] > 0
