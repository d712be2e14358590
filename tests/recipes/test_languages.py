"""Three natural languages from raw text: data, runs, alignment, and NER and NLI per language."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from fairseq_alignmlm.evaluation.checkpoint import read_state
from fairseq_alignmlm.run.languages import Languages

LANGUAGES = ("en", "fr", "zh_Hans")
CONCEPTS = 24
TAGS = ("O", "B-LOC")
LABELS = ("contradiction", "entailment", "neutral")


def word(number, language):
    return f"{language[:2]}{'abcdefghijklmnopqrstuvwxyz'[number]}o"


def drawn(count, seed):
    rng = np.random.default_rng(seed)
    return [[int(number) for number in rng.integers(0, CONCEPTS, rng.integers(4, 9))] for _ in range(count)]


def spelled(numbers, language):
    return " ".join(word(number, language) for number in numbers)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Text, dictionaries, parallel text and labelled data of three languages that differ in their words alone."""
    root = tmp_path_factory.mktemp("given")

    def write(name, text):
        (root / name).write_text(text, encoding="utf-8")
        return root / name

    found = []
    for language in LANGUAGES:
        lines = [spelled(each, language) + "\n" for each in drawn(60, 1)]
        found.append(f"--text={language}={write(language, chr(10).join(lines))}")  # a blank line ends a document
        write(f"lines.{language}", "".join(lines))
    for language in LANGUAGES[1:]:
        pairs = "".join(f"{word(n, 'en')}\t{word(n, language)}\n" for n in range(CONCEPTS))
        found.append(f"--dictionary=en-{language}={write('lexicon.' + language, pairs)}")
        found.append(f"--parallel=en-{language}={root / 'lines.en'},{root / f'lines.{language}'}")
    for split, language, seed in [("train", "en", 2), ("dev", "en", 3), *(("test", each, 4) for each in LANGUAGES)]:
        rows = [
            "".join(f"{word(number, language)}\t{TAGS[number % 2]}\n" for number in each) for each in drawn(20, seed)
        ]
        path = write(f"ner.{split}.{language}.tsv", "\n".join(rows))
        found.append(f"--ner-{split}={path if split != 'test' else f'{language}={path}'}")
    for split, language, seed in [("train", "en", 5), ("dev", "en", 6), *(("test", each, 7) for each in LANGUAGES)]:
        rows = [
            f"{spelled(each, language)}\t{word(each[0], language)}\t{LABELS[each[0] % 3]}\n" for each in drawn(20, seed)
        ]
        path = write(f"nli.{split}.{language}.tsv", "".join(rows))
        found.append(f"--xnli-{split}={path if split != 'test' else f'{language}={path}'}")
    return found


def recipe(work, options, *more):
    small = ["--vocabulary=140", "--updates=4", "--batch=8", "--length=32", "--lr=1e-3", f"--work={work}"]
    small += ["--finetune-epochs=1", "--finetune-lr=1e-3", *more, "--", "--arch=multilingual_roberta_tiny"]
    command = [sys.executable, "-m", "fairseq_alignmlm", "run", "languages", *options, *small]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_three_languages_from_raw_text_are_trained_aligned_and_tested(tmp_path, options):
    done = recipe(tmp_path / "work", options, "--objective=xlm")  # with language embeddings
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    run = tmp_path / "work" / "runs" / "xlm-1"
    state = read_state(run / "pretrained.pt")
    assert state["task_state"]["languages"] == list(LANGUAGES)
    assert any("embed_languages" in key for key in state["model"])
    for language in LANGUAGES[1:]:
        assert json.loads((run / f"alignment.en-{language}.json").read_text())["retrieval"]["words"] > 0
    measured = json.loads((run / "measured" / "measure.json").read_text())
    assert {each["direction"] for each in measured["measures"]} >= {"en>fr", "zh_Hans>en", "en-zh_Hans"}
    for task in ("ner", "xnli"):
        score = json.loads((run / task / "score.json").read_text())
        assert list(score["languages"]) == list(LANGUAGES), task
        assert f"  {task}, " in done.stdout
    again = recipe(tmp_path / "work", options, "--objective=xlm")
    assert again.returncode == 0, again.stderr
    assert "log:" not in again.stdout  # all is up to date


def test_text_is_cut_anew_where_a_checkpoint_with_its_own_tokenizer_comes_in(tmp_path):
    texts = {name: [tmp_path / name] for name in LANGUAGES}
    own, imported = (
        Languages(tmp_path, texts, {}, {}, {}, checkpoint, 100, 0.2, 0.7, 1).data_steps()
        for checkpoint in (None, tmp_path / "model.pt")
    )
    for before, after in zip(own[:3], imported[:3], strict=True):
        assert (before.name, before.inputs, before.outputs) == (after.name, after.inputs, after.outputs)
        assert before.settings != after.settings


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--pos-train=x"], "--pos-train, --pos-dev, --pos-test belong together: two files of en, and tests"),
        (["--pos-train=x", "--pos-dev=y", "--pos-test=de=z"], "--pos-test de=z: give every language of en, fr"),
        (["--ner-train=x", "--ner-dev=y", "--ner-test=fr=z"], "x: no such file"),
    ],
)
def test_labelled_data_that_do_not_fit_are_told_in_one_line(tmp_path, options, more, message):
    done = recipe(tmp_path / "work", [option for option in options if option.startswith("--text")], *more)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
