"""What the verbs write says what it is made from, and what does not fit together is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from data_prep.languages.transforms import Transformation
from data_prep.pair_identity import name_transformation
from fairseq_alignmlm.identity import FILE_NAME, Identity, hash_file

DERIVED = "en_trans_inv"
TAGGED = "the\tDET\nriver\tNOUN\n,\tPUNCT\nmayor\tNOUN\nsaw\tVERB\n\nbridges\tNOUN\nsaw\tVERB\n"


@pytest.fixture
def pair(encoded_pair: Path, tmp_path: Path) -> Path:
    shutil.copytree(encoded_pair, tmp_path / "pair")
    return tmp_path / "pair"


def error_of(capsys) -> str:
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def tagged(tmp_path: Path) -> Path:
    (tmp_path / "tagged.tsv").write_text(TAGGED)
    return tmp_path / "tagged.tsv"


def label(prepare, pair: Path, tmp_path: Path, *more: object) -> int:
    data = tagged(tmp_path)
    common = ("--pair", pair, "--task", "udpos", "--train", data, "--dev", data, "--derived", DERIVED)
    return prepare("xtreme", *common, *more)


def test_vocabulary_counterparts_and_dictionary_of_a_pair_have_one_identity(encoded_pair):
    data = Identity.of_dict(encoded_pair / "bin" / "dict.txt")
    assert data.languages == ("en", DERIVED)
    assert data.transformation == "inv seed=1"
    assert data.sentencepiece == hash_file(encoded_pair / "spm.model")
    for name in ("counterparts.tsv", "dictionary.25.tsv"):
        told = Identity.of_header(encoded_pair / name)
        assert told == Identity(data.symbols, sentencepiece=data.sentencepiece, languages=data.languages)


def test_binarized_and_labelled_data_say_their_language_too(pair, prepare, tmp_path):
    assert prepare("binarize", "--pair", pair, "--with", "direct", "--workers", 1) == 0
    assert label(prepare, pair, tmp_path) == 0
    data = Identity.of_dict(pair / "bin" / "dict.txt")
    for language in ("en", DERIVED):
        tokens = pair / "xtreme" / "udpos" / language / "bin" / "tokens"
        for found in (Identity.read(pair / "bin" / language / FILE_NAME), Identity.of_dict(tokens / "dict.txt")):
            assert found.language == language
            names = ("symbols", "counts", "sentencepiece", "languages", "transformation")
            assert found.require(data, "", "", "", names) == ()


def test_labelled_data_with_another_transformation_than_the_text_are_refused(pair, prepare, tmp_path, capsys):
    assert label(prepare, pair, tmp_path, "--transform", "perm") == 2
    error = error_of(capsys)
    assert "is of another transformation (inv seed=1) than --transform and --seed (perm seed=1)" in error
    assert label(prepare, pair, tmp_path, "--transform", "inv") == 0


def test_another_model_under_the_same_dict_txt_is_refused(pair, prepare, tmp_path, capsys):
    with open(pair / "spm.model", "ab") as model:
        model.write(b"\0")
    assert label(prepare, pair, tmp_path) == 2
    assert "spm.model: is of another SentencePiece model" in error_of(capsys)


def test_files_that_an_older_version_wrote_are_made_again_with_their_identity(pair, prepare, capsys):
    record = json.loads((pair / "bin" / "dict.txt.manifest.json").read_text())
    (pair / "bin" / FILE_NAME).unlink()
    record["outputs"] = record["outputs"][:1]
    (pair / "bin" / "dict.txt.manifest.json").write_text(json.dumps(record))
    assert prepare("encode", "--pair", pair, "--derived", DERIVED, "--workers", 1) == 0
    assert Identity.of_dict(pair / "bin" / "dict.txt").languages == ("en", DERIVED)
    assert capsys.readouterr().out.count("up to date") == 3


def test_the_name_of_a_transformation_holds_the_content_of_its_files_and_not_their_place(tmp_path, monkeypatch):
    assert name_transformation([], 3) == "none"
    assert name_transformation(["perm", "inv"], 3) == "perm inv seed=3"

    def of_folder(specifications):
        return Transformation(lambda words, context: [], input_files=(Path(specifications[0].partition("models=")[2]),))

    monkeypatch.setattr("data_prep.pair_identity.compose", of_folder)
    names = []
    for file, text in (("here", "a"), ("there", "a"), ("elsewhere", "b")):
        (tmp_path / file).write_text(text)
        names.append(name_transformation([f"syn:noun=fr,models={tmp_path / file}"], 1))
    assert names[0] == names[1] == f"syn:noun=fr seed=1 files={hash_file(tmp_path / 'here')}"
    assert names[2] != names[0]


def test_a_dictionary_of_real_languages_the_other_way_round_is_refused(tmp_path, prepare, capsys):
    pair, english, french = tmp_path / "pair", ["the", "house", "is", "green"], ["la", "maison", "est", "verte"]
    for language, words in (("en", english), ("fr", french)):
        text = "\n".join(" ".join(words[i:] + words[:i]) for i in (0, 1, 2, 3) for _ in range(20))
        (tmp_path / f"{language}.txt").write_text(text + "\n")
        common = ("--pair", pair, "--language", language, "--format", "lines", "--workers", 1)
        assert prepare("sentences", tmp_path / f"{language}.txt", *common, "--valid-input", tmp_path / "en.txt") == 0
    assert prepare("vocabulary", "--pair", pair, "--languages", "en,fr", "--size", 40) == 0
    assert prepare("encode", "--pair", pair, "--languages", "en,fr", "--workers", 1) == 0
    files = ("--model", pair / "spm.model", "--vocab", pair / "bin" / "dict.txt", "--output", tmp_path / "out.tsv")
    texts = ("--text", pair / "text" / "en" / "train.txt", "--l2-text", pair / "text" / "fr" / "train.txt")
    (tmp_path / "fr-en.txt").write_text("".join(f"{f} {e}\n" for e, f in zip(english, french, strict=True)))
    reversed_input = ("translations", "--input", tmp_path / "fr-en.txt", "--max-pieces", 9, *files)
    capsys.readouterr()
    assert prepare(*reversed_input, *texts) == 2
    assert "fr-en.txt: goes from L2 to L1: so say 4 of 4 entries by the words of the texts; give --invert" in error_of(
        capsys
    )
    assert prepare(*reversed_input, *texts, "--invert", "--held-out", 0.5) == 0
    data = Identity.of_dict(pair / "bin" / "dict.txt")
    assert data.transformation == "natural"
    for name in ("out.tsv", "out.held_out.tsv"):
        told = Identity.of_header(tmp_path / name)
        assert told == Identity(data.symbols, sentencepiece=data.sentencepiece, languages=("en", "fr"))
    assert prepare(*reversed_input, "--languages", "en,de") == 2
    assert "--languages: de is not one of the vocabulary's, en,fr" in error_of(capsys)
