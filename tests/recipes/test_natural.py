"""The recipe of two natural languages, with settings small enough for a test."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCALE = Path(__file__).with_name("tiny.yaml").read_text()
NATURAL = ("synthetic: {", "# synthetic: {"), ("vocabulary: 300", "vocabulary: 30")
ENGLISH = "the house is small and garden of green while cat sleeps in old dog tree"
FRENCH = "la maison est petite et jardin du vert pendant chat dort dans vieux chien arbre"
TAGS = "DET NOUN AUX ADJ CCONJ NOUN ADP ADJ SCONJ NOUN VERB ADP ADJ NOUN NOUN"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Text, parallel text, a dictionary and POS data of English and French."""
    folder = tmp_path_factory.mktemp("data")
    numbers = random.Random(1)
    words = {"en": ENGLISH.split(), "fr": FRENCH.split()}
    for split, sentences in (("text", 400), ("parallel", 120), ("pos", 60)):
        orders = [[numbers.randrange(15) for _ in range(numbers.randint(3, 9))] for _ in range(sentences)]
        for language, vocabulary in words.items():
            lines = [" ".join(vocabulary[i] for i in order) + " ." for order in orders]
            (folder / f"{split}.{language}").write_text("\n\n".join(lines) if split == "text" else "\n".join(lines))
            if split == "pos":
                tagged = [[f"{vocabulary[i]}\t{TAGS.split()[i]}" for i in order] for order in orders]
                (folder / f"pos.{language}.tsv").write_text("\n\n".join("\n".join(rows) for rows in tagged) + "\n")
    pairs = zip(words["en"], words["fr"], strict=True)
    (folder / "en-fr.txt").write_text("".join(f"{one}\t{two}\n" for one, two in pairs))
    scale = SCALE
    for old, new in NATURAL:
        assert old in scale
        scale = scale.replace(old, new)
    (folder / "tiny.yaml").write_text(scale)
    return folder


def recipe(repository, data, work, *options):
    given = ["--scale", data / "tiny.yaml", "--l1-corpus", data / "text.en", "--l2-corpus", data / "text.fr"]
    given += ["--dictionary", data / "en-fr.txt", "--held-out", "0.3", "--work", work, *options]
    command = [str(repository / "recipes" / "natural.sh"), *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, cwd=repository)


def test_two_texts_parallel_lines_and_a_dictionary_lead_to_held_out_precision(repository, data, tmp_path):
    pos = f"{data / 'pos.en.tsv'},{data / 'pos.fr.tsv'}"
    options = ["--parallel", f"{data / 'parallel.en'},{data / 'parallel.fr'}", "--pos-train", pos, "--pos-dev", pos]
    # The others train as they do on derived pairs: one that reads the parallel text, one that reads the dictionary.
    done = recipe(repository, data, tmp_path, *options, "--objective", "xlm,align_mlm", "--jobs", "2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    pair = tmp_path / "tiny" / "en-fr"
    results = {path.parent.name: json.loads(path.read_text()) for path in pair.glob("runs/*/result.json")}
    assert sorted(results) == ["align_mlm-1", "xlm-1"]
    for result in results.values():
        assert result["transformation"] == "natural"
        assert result["languages"] == ["en", "fr"]
        alignment = result["alignment"]
        assert 0 <= alignment["held_out"] <= alignment["held_out_at_5"] <= 100
        assert 0 <= alignment["held_out_csls"] <= alignment["held_out_csls_at_5"] <= 100
        assert result["settings"]["symbols"] == "shared"
        assert 0 <= result["transfer"]["pos"]["zs"]["accuracy"] <= 100
    assert "TLM instances en-fr" in (pair / "runs" / "xlm-1" / "train.log").read_text()
    assert (pair / "report" / "report.html").is_file()


def test_separate_symbols_are_another_pair_and_xlm_is_left_out_without_parallel_text(repository, data, tmp_path):
    done = recipe(repository, data, tmp_path, "--symbols", "separate", "--jobs", "1", "--stop-stage", "6")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "xlm is left out: it needs parallel text of en and fr, --parallel" in done.stdout
    pair = tmp_path / "tiny" / "en-fr.separate"
    lines = (pair / "dictionary.tsv").read_text().splitlines()
    targets = [line.split("\t")[1] for line in lines if not line.startswith("#")]
    assert targets and all(piece.startswith("fr:") for target in targets for piece in target.split(" "))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "mlm,xlm"), "objective xlm needs parallel text of en and fr: give --parallel ENFILE,FRFILE"),
        (("--parallel", "one"), "--parallel: one: give two files"),
        (("--scale", "toy"), "--scale toy is the synthetic language"),
        (("--scale", "huge"), "unknown scale 'huge'"),
        (("--languages", "en"), "--languages en: give two codes"),
        (("--languages", "en,en"), "give two different languages"),
        (("--symbols", "some"), "--symbols: invalid choice: 'some'"),
        (("--pos-train", "a,b"), "--pos-train and --pos-dev belong together"),
        (("--held-out", "0"), "--held-out 0: give a share between 0 and 1"),
        (("--pos-dev", "a,b"), "--pos-train and --pos-dev belong together"),
        (("--nonsense", "1"), "unrecognized arguments: --nonsense 1"),
        (("--seeds",), "--seeds: expected one argument"),
    ],
)
def test_wrong_options_are_named_in_one_line(repository, data, tmp_path, options, message):
    done = recipe(repository, data, tmp_path, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_text_and_dictionary_are_asked_for(repository):
    for given, message in (((), "--l1-corpus"), (("--l1-corpus", "a", "--l2-corpus", "b"), "--dictionary")):
        command = [str(repository / "recipes" / "natural.sh"), *given]
        done = subprocess.run(command, capture_output=True, text=True, cwd=repository)
        assert done.returncode == 2
        assert message in done.stderr
