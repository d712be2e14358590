"""A run's result, gathered from the files of its steps."""

from __future__ import annotations

import json

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.result import collect_result, read_settings


def write_score(folder, tested, accuracy):
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"scores": {"accuracy": accuracy}, "signature": f"task:udpos|dir:{folder.name}>{tested}"}
    (folder / f"score-{tested}.json").write_text(json.dumps({"languages": {tested: entry}}))


def test_three_tests_become_sup_zs_delta_and_english(tmp_path):
    (tmp_path / "alignment.json").write_text('{"alignment": {"all": 34.5}}')
    write_score(tmp_path / "pos" / "en", "en", 95.0)
    write_score(tmp_path / "pos" / "en", "xx", 41.5)
    write_score(tmp_path / "pos" / "xx", "xx", 90.0)
    write_score(tmp_path / "ner" / "en", "en", 70.0)  # unfinished: no result yet
    result = collect_result(tmp_path, "en", "xx")
    assert result["alignment"] == {"all": 34.5}
    assert result["transfer"] == {
        "pos": {
            "sup": {"accuracy": 90.0},
            "zs": {"accuracy": 41.5},
            "delta": {"accuracy": 48.5},
            "en": {"accuracy": 95.0},
        }
    }
    assert result["signatures"]["pos"]["zs"] == "task:udpos|dir:en>xx"
    assert result["alignment_by_frequency"] == []


def test_what_the_report_draws_is_carried_along(tmp_path):
    bins = [{"first": 1, "last": 10, "lowest_count": 5, "alignment": 40.0}]
    (tmp_path / "alignment.json").write_text(
        json.dumps({"alignment": {"all": 34.5}, "by_frequency": bins, "random_tokens": "first"})
    )
    (tmp_path / "train.log").write_text(
        "... | INFO | train_inner | epoch 001: 100 / 9 loss=3.5, num_updates=100, lr=0\n"
    )
    result = collect_result(tmp_path, "en", "xx")
    assert result["random_tokens"] == "first"
    assert result["alignment_by_frequency"] == bins
    assert result["curve"] == {"updates": [100], "loss": [3.5]}


def test_settings_are_numbers_where_they_can_be():
    assert read_settings(["overlap=0.25", "blocks=32x64:100"]) == {"overlap": 0.25, "blocks": "32x64:100"}
    with pytest.raises(InputError, match="give NAME=VALUE"):
        read_settings(["overlap"])


def test_a_missing_step_is_named(tmp_path):
    with pytest.raises(InputError, match=r"alignment\.json: no such file"):
        collect_result(tmp_path, "en", "xx")


def test_natural_languages_have_the_precision_of_held_out_translations_in_place_of_counterparts(tmp_path):
    scores = {"words": 7, "candidates": 9, "cosine_at_1": 1.0, "cosine_at_5": 5.0, "csls_at_1": 2.0, "csls_at_5": 6.0}
    (tmp_path / "alignment.json").write_text(
        json.dumps({"retrieval": scores, "retrieval_signature": "task:translation"})
    )
    result = collect_result(tmp_path, "en", "fr")
    assert result["alignment"] == {
        "held_out": 1.0,
        "held_out_at_5": 5.0,
        "held_out_csls": 2.0,
        "held_out_csls_at_5": 6.0,
    }
    assert result["signatures"] == {"translation": "task:translation"}
    other = {"retrieval": scores, "retrieval_no_shared_piece": scores | {"cosine_at_1": 0.5}}
    (tmp_path / "alignment.json").write_text(json.dumps(other))
    assert collect_result(tmp_path, "en", "fr")["alignment"]["held_out_no_shared_piece"] == 0.5
    both = {"alignment": {"all": 34.5, "held_out": 20.0}, "retrieval": scores}
    (tmp_path / "alignment.json").write_text(json.dumps(both))
    result = collect_result(tmp_path, "en", "fr")
    assert result["alignment"] == {"all": 34.5, "held_out": 20.0}
    assert result["translation"]["held_out"] == 1.0


ALIGNMENT = {"alignment": {"all": 34.5}}
ENTRY = {"scores": {"accuracy": 1.0}}


@pytest.mark.parametrize(
    ("alignment", "score", "message"),
    [
        ([], {}, r"alignment\.json: is not a JSON object"),
        ({}, {}, r"alignment\.json: holds neither alignment nor retrieval"),
        ({"alignment": 3}, {}, r"alignment\.json: alignment is not a JSON object"),
        ({"retrieval": [1]}, {}, r"alignment\.json: retrieval is not a JSON object"),
        ({"retrieval": {"cosine_at_1": 1.0}}, {}, r"alignment\.json: retrieval has no cosine_at_5"),
        ({"retrieval": {"cosine_at_1": "1"}}, {}, r"alignment\.json: retrieval.cosine_at_1 is '1', not a number"),
        (ALIGNMENT, {"languages": [ENTRY]}, r"score-xx\.json: languages is not a JSON object"),
        (ALIGNMENT, {"languages": {"en": ENTRY}}, r"score-xx\.json: xx is missing"),
        (ALIGNMENT, {"languages": {"xx": {}}}, r"score-xx\.json: scores is missing"),
        (ALIGNMENT, {"languages": {"xx": {"scores": {"accuracy": None}}}}, r"scores.accuracy is None, not a number"),
    ],
)
def test_a_broken_step_is_told_in_one_line_with_its_file(tmp_path, alignment, score, message):
    (tmp_path / "alignment.json").write_text(json.dumps(alignment))
    write_score(tmp_path / "pos" / "en", "en", 95.0)
    write_score(tmp_path / "pos" / "xx", "xx", 90.0)
    (tmp_path / "pos" / "en" / "score-xx.json").write_text(json.dumps(score))
    with pytest.raises(InputError, match=message):
        collect_result(tmp_path, "en", "xx")


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "1e999", "true"])
def test_a_score_that_is_no_number_is_told_in_one_line(tmp_path, number):
    (tmp_path / "alignment.json").write_text(f'{{"alignment": {{"all": {number}}}}}')
    with pytest.raises(InputError, match="alignment") as caught:
        collect_result(tmp_path, "en", "en_trans")
    assert "\n" not in str(caught.value)
