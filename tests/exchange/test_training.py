"""An imported model is trained on and fine-tuned by fairseq, and what comes of it goes back to plain transformers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="needs the extra [hf]")

import torch

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.evaluation.checkpoint import read_state
from fairseq_alignmlm.exchange.importing import import_folder
from tests.exchange.trained_tokenizers import write_model

ENGLISH = ["the cat sat on the mat", "a dog saw the cat", "the old house is red", "we eat bread and fish"]
FRENCH = ["le chat est sur le tapis", "un chien vit le chat", "la vieille maison est rouge", "nous mangeons du pain"]
COMMON = [
    "--cpu",
    "--num-workers",
    "0",
    "--optimizer",
    "adam",
    "--lr",
    "1e-3",
    "--lr-scheduler",
    "fixed",
    "--seed",
    "3",
]

# What a person has who knows nothing of this package: transformers alone, and the example of the docs.
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "fine_tune_exported.py"
ALONE = """
import runpy, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("fairseq", "fairseq_alignmlm", "data_prep"):
            raise ImportError(name + " is not there")
sys.meta_path.insert(0, Blocked())
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A random imported model and a pair of data cut by its tokenizer."""
    root = tmp_path_factory.mktemp("trained")
    write_model(root / "hf", "bert", (ENGLISH + FRENCH) * 3, 120)
    import_folder(root / "hf", root / "in" / "model.pt")
    common = ["--pair", str(root / "pair")]
    for language, lines in (("en", ENGLISH), ("fr", FRENCH)):
        text = root / f"{language}.txt"
        text.write_text("\n\n".join(lines * 6) + "\n")
        options = ["--language", language, "--format", "lines", "--tokeniser", "none", str(text)]
        assert main("data_prep", "", ["sentences", *common, *options]) == 0
    (root / "lexicon").write_text("cat chat\ndog chien\nhouse maison\nred rouge\nbread pain\n")
    (root / "tags.tsv").write_text("The\tDET\ncat\tNOUN\nsat\tVERB\n\nA\tDET\ndog\tNOUN\n")
    vocabulary = ["--model", str(root / "pair" / "tokenizer.json"), "--vocab", str(root / "pair" / "bin" / "dict.txt")]
    labelled = [
        "--task",
        "udpos",
        "--language",
        "en",
        "--train",
        str(root / "tags.tsv"),
        "--dev",
        str(root / "tags.tsv"),
    ]
    for command in (
        ["vocabulary", *common, "--from-checkpoint", str(root / "in")],
        ["encode", *common, "--languages", "en,fr"],
        ["binarize", *common, "--with", "direct"],
        [
            "translations",
            "--input",
            str(root / "lexicon"),
            *vocabulary,
            "--output",
            str(root / "pair" / "dictionary.tsv"),
        ],
        ["xtreme", *common, *labelled],
    ):
        assert main("data_prep", "", command) == 0
    return root


def train(data, *options):
    shape = subprocess.run(
        [sys.executable, "-m", "fairseq_alignmlm", "architecture", "--checkpoint", str(data[1])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    command = [
        sys.executable,
        "-m",
        "fairseq_cli.train",
        str(data[0]),
        "--user-dir",
        "fairseq_alignmlm",
        *shape,
        *COMMON,
    ]
    done = subprocess.run(
        [*command, *options], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["mlm", "align_mlm", "dict_mlm"])
def test_pre_training_goes_on_from_an_imported_model_and_is_exported(imported, tmp_path, objective):
    options = ["--task", "multilingual_mlm", "--languages", "en,fr", "--criterion", objective, "--batch-size", "4"]
    options += ["--tokens-per-sample", "24", "--max-update", "2", "--save-dir", str(tmp_path)]
    options += ["--finetune-from-model", str(imported / "in" / "model.pt")]
    if objective != "mlm":
        options += ["--dictionary", str(imported / "pair" / "dictionary.tsv")]
    if objective == "dict_mlm":
        options += ["--without-language-ids"]
    log = train((imported / "pair" / "bin", imported / "in" / "model.pt"), *options)
    assert "Loaded checkpoint" in log or "loaded checkpoint" in log.lower()
    before, after = read_state(imported / "in" / "model.pt"), read_state(tmp_path / "checkpoint_last.pt")
    key = "encoder.sentence_encoder.layers.1.fc1.weight"
    change = (after["model"][key] - before["model"][key]).abs().max()
    assert 0 < change < 0.01  # two updates away from the imported weights
    assert (
        main("fairseq_alignmlm", "", ["export", str(tmp_path / "checkpoint_last.pt"), "--to", str(tmp_path / "out")])
        == 0
    )
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForMaskedLM"]
    assert config["layer_norm_eps"] == 1e-12


@pytest.mark.slow
def test_an_imported_model_resumes_with_its_weights(imported, tmp_path):
    options = ["--task", "multilingual_mlm", "--languages", "en,fr", "--criterion", "mlm", "--batch-size", "4"]
    options += ["--tokens-per-sample", "24", "--max-update", "1", "--save-dir", str(tmp_path), "--lr", "0.0"]
    options += ["--restore-file", str(imported / "in" / "model.pt"), "--reset-optimizer", "--reset-dataloader"]
    train((imported / "pair" / "bin", imported / "in" / "model.pt"), *options, "--reset-meters", "--reset-lr-scheduler")
    before, after = read_state(imported / "in" / "model.pt"), read_state(tmp_path / "checkpoint_last.pt")
    assert all(torch.equal(tensor, after["model"][name]) for name, tensor in before["model"].items())


@pytest.mark.slow
def test_fine_tuning_prediction_and_export_of_a_tagger(imported, tmp_path):
    data = imported / "pair" / "xtreme" / "udpos" / "en" / "bin"
    options = ["--task", "xtreme_tagging", "--criterion", "token_tagging", "--batch-size", "2", "--max-length", "40"]
    options += [
        "--max-update",
        "2",
        "--save-dir",
        str(tmp_path),
        "--finetune-from-model",
        str(imported / "in" / "model.pt"),
    ]
    train((data, imported / "in" / "model.pt"), *options)
    tuned = str(tmp_path / "checkpoint_last.pt")
    command = ["predict", "--checkpoint", tuned, "--data", str(data), "--output", str(tmp_path / "p.tsv")]
    assert main("fairseq_alignmlm", "", command) == 0
    assert len((tmp_path / "p.tsv").read_text().split()) == 5
    assert main("fairseq_alignmlm", "", ["export", tuned, "--to", str(tmp_path / "out")]) == 0
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForTokenClassification"]
    assert config["id2label"] == {"0": "DET", "1": "NOUN", "2": "VERB"}
    # and in again, ready to predict
    import_folder(tmp_path / "out", tmp_path / "again" / "model.pt")
    command[2], command[-1] = str(tmp_path / "again" / "model.pt"), str(tmp_path / "q.tsv")
    assert main("fairseq_alignmlm", "", command) == 0
    assert (tmp_path / "q.tsv").read_text() == (tmp_path / "p.tsv").read_text()


@pytest.mark.slow
def test_plain_transformers_fine_tunes_an_exported_model(imported, tmp_path):
    target = tmp_path / "out"
    assert main("fairseq_alignmlm", "", ["export", str(imported / "in" / "model.pt"), "--to", str(target)]) == 0
    command = [sys.executable, "-c", ALONE, str(EXAMPLE), str(target), str(imported / "tags.tsv")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    losses = [float(line.split()[-1]) for line in done.stdout.splitlines()]
    assert len(losses) == 20
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.slow
def test_xtreme_takes_a_hugging_face_folder(imported, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train-en", "dev-en", "test-en", "test-fr"):
        text = "the\tDET\ncat\tNOUN\nsat\tVERB\n\na\tDET\ndog\tNOUN\n"
        (data / f"{name}.tsv").write_text(text if name != "test-fr" else text.replace("cat", "chat"))
    options = ["--checkpoint", imported / "hf", "--task", "udpos", "--data", data, "--work", tmp_path / "work"]
    small = ["--epochs", "1", "--lr", "0.01", "--batch", "2", "--device-batch", "2", "--max-length", "24"]
    command = [sys.executable, "-m", "fairseq_alignmlm", "run", "xtreme", *map(str, options), *small]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    score = json.loads((tmp_path / "work" / "udpos-1" / "score.json").read_text())
    assert sorted(score["languages"]) == ["en", "fr"]


@pytest.mark.slow
def test_three_languages_go_on_from_a_hugging_face_folder(imported, tmp_path):
    third = [" ".join(reversed(line.split())) for line in FRENCH]  # spelled with known pieces
    (tmp_path / "third.txt").write_text("\n\n".join(third * 6) + "\n", encoding="utf-8")
    for name, lines in (("en", ENGLISH), ("fr", FRENCH), ("third", third)):
        (tmp_path / f"{name}.lines").write_text("\n".join(lines * 2) + "\n", encoding="utf-8")
    texts = [imported / "en.txt", imported / "fr.txt", tmp_path / "third.txt"]
    options = [f"--text={name}={path}" for name, path in zip(("en", "fr", "fr_Latn"), texts, strict=True)]
    options += [f"--dictionary=en-fr={imported / 'lexicon'}", f"--checkpoint={imported / 'hf'}", "--updates=2"]
    options += [f"--parallel=en-fr={tmp_path / 'en.lines'},{tmp_path / 'fr.lines'}", f"--work={tmp_path / 'work'}"]
    options += [
        f"--parallel=en-fr_Latn={tmp_path / 'en.lines'},{tmp_path / 'third.lines'}",
        "--objective=align_mlm,xlm",
    ]
    command = [sys.executable, "-m", "fairseq_alignmlm", "run", "languages", *options, "--length=40", "--batch=4"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    for objective in ("align_mlm", "xlm"):
        run = tmp_path / "work" / "runs" / f"{objective}-1"
        assert read_state(run / "pretrained.pt")["task_state"]["languages"] == ["en", "fr", "fr_Latn"]
        assert json.loads((run / "alignment.en-fr.json").read_text())["retrieval"]["words"] > 0
        found = json.loads((run / "measured" / "measure.json").read_text())
        assert {each["direction"] for each in found["measures"]} >= {"en>fr", "fr_Latn>en", "en-fr_Latn"}
        assert [each["language"] for each in found["fertility"]] == ["en", "fr", "fr_Latn"]
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert again.returncode == 0
    assert "updates" not in again.stdout  # all is up to date
