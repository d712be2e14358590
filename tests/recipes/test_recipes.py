"""A recipe from text to report, with settings small enough for a test: all objectives, all tasks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCALE = Path(__file__).with_name("tiny.yaml").read_text()


def recipe(repository, folder, name, *options):
    settings = folder / "tiny.yaml"
    settings.write_text(SCALE)
    return subprocess.run(
        [str(repository / "recipes" / name), "--scale", str(settings), "--work", str(folder / "work"), *options],
        capture_output=True,
        text=True,
        cwd=repository,
    )


def test_all_objectives_go_from_text_to_a_report_and_a_second_call_repeats_nothing(repository, tmp_path):
    options = ("--objective", "all", "--tasks", "pos", "--jobs", "2")
    done = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    pair = tmp_path / "work" / "tiny" / "en-en_trans_inv"
    results = {path.parent.name: json.loads(path.read_text()) for path in pair.glob("runs/*/result.json")}
    assert sorted(results) == ["align_mlm-1", "dict_mlm-1", "mlm-1", "xlm-1"]
    for result in results.values():
        assert result["transformation"] == "trans+inv"
        assert sorted(result["transfer"]) == ["pos"]
        for scores in result["transfer"].values():
            for metric, delta in scores["delta"].items():
                assert delta == pytest.approx(scores["sup"][metric] - scores["zs"][metric])
        assert 0 <= result["alignment"]["all"] <= 100
    assert "ALIGN-MLM" in done.stdout
    assert (pair / "report" / "report.html").is_file()

    before = {path: path.stat().st_mtime_ns for path in pair.glob("**/*.pt")}
    again = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert again.returncode == 0, again.stderr[-2000:]
    assert not any(word in again.stdout for word in ("pre-training", "fine-tuning", "scoring"))
    assert {path: path.stat().st_mtime_ns for path in pair.glob("**/*.pt")} == before

    run = pair / "runs" / "mlm-1"
    tuned = run / "pos" / "en" / "settings.txt"
    tuned.write_text(tuned.read_text().replace("data ", "data 0"))
    partly = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert partly.returncode == 0, partly.stderr[-2000:]
    assert partly.stdout.count("fine-tuning") == 1
    assert "mlm-1: fine-tuning pos in en" in partly.stdout

    # Another dictionary is another run, however it is written, and leaves the first as it is.
    larger = recipe(repository, tmp_path, "trans_inv.sh", *options, "--dictionary-percent", "50", "--stop-stage", "6")
    assert larger.returncode == 0, larger.stderr[-2000:]
    for chosen, end in (
        ([], "align_mlm-1: done"),
        (["--dictionary-percent", "40.0"], "dictionary.40.tsv: no such file"),
    ):
        command = [repository / "recipes" / "run.sh", pair, tmp_path / "tiny.yaml", *chosen, "align_mlm", "1"]
        called = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=repository)
        assert end in called.stdout + called.stderr
        assert "pre-training" not in called.stdout
    assert (pair / "runs" / "align_mlm.dictionary40-1").is_dir()

    settings = run / "settings.txt"
    settings.write_text(settings.read_text().replace("data ", "data 0"))
    refused = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert refused.returncode != 0
    assert "was made with other settings or data; move it away or choose another --work" in refused.stderr


def test_the_ablations_vary_one_setting_at_a_time(repository, tmp_path):
    recipes = tmp_path / "recipes"
    shutil.copytree(repository / "recipes", recipes)
    (recipes / "trans_inv.sh").write_text('#!/bin/bash\nprintf "%s " "$@" >>"$LOG"; echo >>"$LOG"\n')
    log = tmp_path / "log"
    command = [recipes / "ablations.sh", "--sweep", "dictionary,overlap", "--seeds", "3", "--work", tmp_path / "work"]
    settings = os.environ | {"LOG": str(log), "FAIRSEQ_ALIGNMLM_PYTHON": sys.executable}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=settings)
    assert "there is no such folder of results" in done.stderr  # of the report: nothing has run
    common = f"--seeds 3 --work {tmp_path / 'work'} --objective"
    varied = [f"dict_mlm,align_mlm --dictionary-percent {percent}" for percent in (25, 50, 100)]
    varied += [f"xlm --overlap {share}" for share in ("0", "0.25", "0.5")]
    assert log.read_text().splitlines() == [f"{common} {setting} --stop-stage 7 " for setting in varied]


def test_syntax_reorders_with_gold_trees_and_a_trained_order_and_tests_nli(repository, tmp_path):
    done = recipe(repository, tmp_path, "trans_syn.sh", "--objective", "mlm", "--tasks", "xnli", "--jobs", "2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    text = tmp_path / "work" / "tiny" / "en-en_trans_syn" / "text"
    english = (text / "en" / "train.txt").read_text().splitlines()
    derived = (text / "en_trans_syn" / "train.txt").read_text().splitlines()
    assert len(english) == len(derived)
    assert [sorted(line.split()) for line in english] == [sorted(line.split()) for line in derived]
    assert english != derived
    result = json.loads((text.parent / "runs" / "mlm-1" / "result.json").read_text())
    assert result["transformation"] == "trans+syn"
    assert 0 <= result["transfer"]["xnli"]["zs"]["accuracy"] <= 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scale", "huge"), "unknown scale 'huge'"),
        (("--nonsense", "1"), "unrecognized arguments: --nonsense 1"),
        (("--scale", "small"), "--scale small needs --corpus"),
        (("--scale", "small", "--corpus", "x"), "needs labelled data"),
        (("--seeds",), "--seeds: expected one argument"),
        (("--seeds", "one"), "'one' is no whole number"),
        (("--stage", "9"), "there are stages 1 to 8"),
        (("--objective", "mlm,bert"), "unknown objective 'bert'"),
        (("--tasks", "qa"), "unknown task 'qa'"),
        (("--align-alpha", "ten"), "--align-alpha: ten: not a number"),
        (("--corpus", "x"), "--scale toy is the synthetic language"),
        (("--pos-dev", "x"), "--scale toy is the synthetic language"),
        (("--scale", "small", "--corpus", "x", "--pos-train", "y"), "--pos-train without --pos-dev"),
        (
            ("--scale", "small", "--corpus", "x", "--pos-train", "y", "--pos-dev", "z", "--tasks", "pos,ner"),
            "--tasks pos,ner: for ner give --ner-train and --ner-dev",
        ),
        (
            ("--scale", "small", "--corpus", "x", "--pos-train", "y", "--pos-dev", "z", "--tasks", "pos"),
            "x: no such file",
        ),
        (("--scale", "small", "--corpus", "x", "--pos-train", "y", "--pos-dev", "z"), "x: no such file"),
    ],
)
def test_wrong_options_are_named_in_one_line(repository, tmp_path, options, message):
    command = [str(repository / "recipes" / "trans.sh"), "--work", str(tmp_path / "work"), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
