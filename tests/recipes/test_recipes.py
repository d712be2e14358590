"""A recipe from text to report, with settings small enough for a test: all objectives, all tasks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import Parser
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.recipes import ablations, derived_pair

pytestmark = pytest.mark.slow
ALIGNMLM = (sys.executable, "-m", "fairseq_alignmlm", "run")
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
    (run / "pos" / "en" / "finetuned.pt").unlink()
    partly = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert partly.returncode == 0, partly.stderr[-2000:]
    assert partly.stdout.count("fine-tuning") == 1
    assert "mlm-1: fine-tuning pos in en" in partly.stdout

    # Another dictionary is another run, however it is written, and leaves the first as it is.
    larger = recipe(repository, tmp_path, "trans_inv.sh", *options, "--dictionary-percent", "50", "--stop-stage", "6")
    assert larger.returncode == 0, larger.stderr[-2000:]
    for chosen, end in (
        ([], "align_mlm-1: done"),
        (["--dictionary-percent", "25.0"], "align_mlm-1: done"),
        (["--dictionary-percent", "40.0"], "dictionary.40.tsv: no such file"),
    ):
        command = [*ALIGNMLM, "one", pair, "--scale", tmp_path / "tiny.yaml", *chosen, "--objective", "align_mlm"]
        called = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=repository)
        assert end in called.stdout + called.stderr
        assert "pre-training" not in called.stdout

    other = recipe(repository, tmp_path, "trans_inv.sh", *options, "--set", "pretrain.lr=5e-4")
    assert other.returncode == 2
    message = (
        "was made with other settings or data (block 1: --lr=0.001, now --lr=0.0005); move it away or choose another"
    )
    assert message in other.stderr
    weights = run / "pretrained.pt"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    altered = recipe(repository, tmp_path, "trans_inv.sh", *options)
    assert altered.returncode == 2
    assert "pretrained.pt: is not what was written" in altered.stderr


def test_other_data_are_refused_before_anything_is_written(repository, tmp_path):
    words = ("--objective", "mlm", "--stop-stage", "2", "--set", "data.synthetic=null", "--tasks", "pos")
    for name in ("corpus", "other"):
        (tmp_path / name).write_text("".join(f"the {name} has sentence number {n} .\n\n" for n in range(300)))
    (tmp_path / "pos").write_text("the\tDET\ncorpus\tNOUN\n\n")
    labelled = ("--pos-train", str(tmp_path / "pos"), "--pos-dev", str(tmp_path / "pos"))
    small = ("--set", "data.vocabulary=40")
    first = recipe(repository, tmp_path, "trans.sh", "--corpus", str(tmp_path / "corpus"), *labelled, *words, *small)
    assert first.returncode == 0, first.stderr
    pair = tmp_path / "work" / "tiny" / "en-en_trans"
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in pair.rglob("*")}
    for options, message in (
        (
            ("--corpus", str(tmp_path / "other"), *small),
            "was made of another corpus; move it away or choose another --work",
        ),
        (("--corpus", str(tmp_path / "corpus"), "--set", "data.vocabulary=50"), "was made with vocabulary 40, not 50"),
    ):
        refused = recipe(repository, tmp_path, "trans.sh", *labelled, *words, *options)
        assert refused.returncode == 2
        assert message in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
    (tmp_path / "pos").write_text("another\tDET\none\tNOUN\n\n")
    refused = recipe(repository, tmp_path, "trans.sh", "--corpus", str(tmp_path / "corpus"), *labelled, *words, *small)
    assert "was made with other labelled data of pos" in refused.stderr
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in pair.rglob("*")} == before


def test_the_ablations_vary_one_setting_at_a_time(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(derived_pair, "run", lambda args: made.append(vars(args)))
    monkeypatch.setattr(ablations, "report", lambda results, output: made.append((results, output)))
    parser = Parser()
    ablations.add_arguments(parser, "ablations")
    words = ["--sweep", "dictionary,overlap", "--seeds", "3", "--work", str(tmp_path)]
    ablations.run(parser.parse_args(words))
    *runs, (results, output) = made
    varied = [(one["recipe"], one["objective"], one["dictionary_percent"], one["overlap"]) for one in runs]
    assert varied == [
        *(("trans_inv", "dict_mlm,align_mlm", percent, None) for percent in (25, 50, 100)),
        *(("trans_inv", "xlm", None, share) for share in (0, 0.25, 0.5)),
    ]
    assert {(one["seeds"], one["stop_stage"]) for one in runs} == {("3", 7)}
    pair = tmp_path / "toy" / "en-en_trans_inv"
    assert results == [pair / "runs", Path(f"{pair}.overlap0.25") / "runs", Path(f"{pair}.overlap0.5") / "runs"]
    assert output == tmp_path / "toy" / "ablations"
    made.clear()
    ablations.run(parser.parse_args(["--sweep", "parallel", "--transformation", "trans", "--work", str(tmp_path)]))
    assert [(one["recipe"], one["objective"], one["tlm_ratio"]) for one in made[:-1]] == [
        *(("trans", "xlm", ratio) for ratio in (0.01, 0.1, 0.25, 1.0)),
        ("trans", "align_mlm", None),  # the last row of Table 1
    ]
    with pytest.raises(InputError, match="--align-alpha is what a sweep sets"):
        ablations.run(parser.parse_args([*words, "--align-alpha", "1"]))


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
