"""Results of runs: read at any depth, refused when two are of one run or a file is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fairseq_alignmlm.analysis.results import read_runs
from fairseq_alignmlm.errors import InputError


def result(**changes: Any) -> dict[str, Any]:
    return {
        "objective": "mlm",
        "pair": "en-en_trans_inv",
        "transformation": "trans+inv",
        "scale": "toy",
        "seed": 1,
        "alignment": {"all": 1.0, "dictionary": None},
        "transfer": {"pos": {"sup": {"accuracy": 95.0}, "zs": {"accuracy": 20.0}}},
        **changes,
    }


def write(folder: Path, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "result.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_results_are_found_at_any_depth_and_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a" / "runs" / "mlm-1", result())
    write(tmp_path / "b", result(seed=2))
    runs = read_runs([tmp_path, tmp_path / "a"])
    assert [run.seed for run in runs] == [1, 2]
    assert runs[0].score("pos", "accuracy", "delta") == 75.0
    assert runs[0].score("pos", "f1", "delta") is None
    assert runs[0].score("ner", "f1", "zs") is None


def test_two_results_of_one_run_name_both_files(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", result()), write(tmp_path / "b", result())
    with pytest.raises(InputError, match="second result of MLM, en-en_trans_inv, scale toy, seed 1") as error:
        read_runs([tmp_path])
    assert str(first) in str(error.value)
    assert str(second) in str(error.value)


def test_runs_that_differ_in_a_setting_are_different_setups(tmp_path: Path) -> None:
    write(tmp_path / "a", result(settings={"dictionary_percent": 25.0}))
    write(tmp_path / "b", result(settings={"dictionary_percent": 50.0}))
    assert [run.label for run in read_runs([tmp_path])] == ["MLM", "MLM (dictionary 50 %)"]


BROKEN = {
    "json": ('{"objective": "mlm",\n', ":2: not JSON"),
    "list": ([], "not a JSON object"),
    "objective": (result(objective=""), "has no objective"),
    "seed": (result(seed=None), "has no seed"),
    "text": (result(alignment={"all": "high"}), "alignment.all is 'high', not a number"),
    "nan": (json.dumps(result(alignment={"all": float("nan")})), "not a number"),
    "depth": (result(transfer={"pos": 95.0}), "transfer.pos is not a JSON object"),
    "settings": (result(settings="overlap"), "settings is not a JSON object"),
    "signatures": (result(signatures=["x"]), "signatures is not a JSON object"),
    "versions": (result(versions="1"), "versions is not a JSON object"),
    "updates": (result(updates="many"), "updates is 'many', not a number"),
    "seconds": (result(train_seconds=[1]), "train_seconds is [1], not a number"),
    "truth": (result(seed=True), "has no seed"),
    "bin": (result(alignment_by_frequency=[{"first": 1, "alignment": 2.0}]), "a bin without first and last"),
    "null": (result(curve={"updates": [1], "loss": [None]}), "a loss that is null"),
    "setting": (result(settings={"overlap": "half"}), "settings.overlap is 'half'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_result_is_told_in_one_line_with_its_file(tmp_path: Path, name: str) -> None:
    content, message = BROKEN[name]
    path = write(tmp_path, content)
    with pytest.raises(InputError) as error:
        read_runs([tmp_path])
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_place_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no result"):
        read_runs([tmp_path])
    with pytest.raises(InputError, match="no such folder"):
        read_runs([tmp_path / "nothing"])
