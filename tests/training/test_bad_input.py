"""fairseq-train on bad input: one line that says what to do, a non-zero exit, no checkpoint."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.slow

MLM = ("--criterion", "masked_lm", "--batch-size", "8", "--max-update", "2", "--disable-validation")


def error_of(done) -> str:
    """The one line that ends a failed command's stderr."""
    assert done.returncode != 0, done.stdout[-2000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done.stderr.strip().splitlines()[-1]


def copy_of(pair, folder):
    shutil.copytree(pair / "bin", folder / "bin")
    return folder / "bin"


def test_missing_data(training):
    done = training.run(*MLM, data=training.folder / "nowhere")
    assert "nowhere/dict.txt: no such file" in error_of(done)


def test_unknown_language(training):
    assert "unknown language 'zz'; the folder has: en, xx" in error_of(training.run(*MLM, "--languages", "en,zz"))


def test_truncated_data(training):
    data = copy_of(training.pair, training.folder)
    with open(data / "xx" / "train.bin", "r+b") as handle:
        handle.truncate(100)
    error = error_of(training.run(*MLM, data=data))
    assert "xx/train.bin: truncated or foreign: 100 bytes, its index says" in error


def test_empty_index(training):
    data = copy_of(training.pair, training.folder)
    (data / "en" / "train.idx").write_bytes(b"")
    assert "en/train.idx: not an index of fairseq-preprocess" in error_of(training.run(*MLM, data=data))


def test_data_of_another_dictionary(training):
    data = copy_of(training.pair, training.folder)
    (data / "dict.txt").write_text("a 1\nb 1\n")
    assert "the dictionary only 7; use the dict.txt" in error_of(training.run(*MLM, data=data))


def test_dictionary_of_another_vocabulary(training):
    path = training.folder / "dictionary.tsv"
    path.write_text("foreign\twords\n")
    error = error_of(training.run("--criterion", "align_mlm", "--dictionary", str(path), *MLM[2:]))
    assert "dictionary.tsv:1: made for another vocabulary" in error


def test_forgotten_dictionary(training):
    error = error_of(training.run("--criterion", "align_mlm", *MLM[2:]))
    assert error == "error: --criterion align_mlm needs --dictionary FILE"


def test_checkpoint_of_another_vocabulary(training):
    assert training.run(*MLM, "--save-dir", "here").returncode == 0
    data = copy_of(training.pair, training.folder)
    with open(data / "dict.txt", "a") as handle:
        handle.write("one_more 1\n")
    error = error_of(training.run(*MLM, "--save-dir", "here", "--max-update", "4", data=data))
    assert "here/checkpoint_last.pt: is of another vocabulary" in error


def test_rates_out_of_range(training):
    assert "--mask-prob 1.5 is not above 0 and up to 1" in error_of(training.run(*MLM, "--mask-prob", "1.5"))


def test_xlm_without_language_embeddings(training):
    assert "pass --language-embeddings" in error_of(training.run("--criterion", "tlm", *MLM[2:]))


def test_unequal_parallel_text(training):
    data = copy_of(training.pair, training.folder)
    for suffix in ("bin", "idx"):
        shutil.copy(data / "xx" / f"valid.{suffix}", data / "xx" / f"train.{suffix}")
    error = error_of(training.run("--criterion", "tlm", "--language-embeddings", *MLM[2:], data=data))
    assert "not parallel" in error
    assert "120 lines" in error
    assert "24" in error
