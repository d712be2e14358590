"""What the stock fairseq-preprocess wrote is exactly the pieces, symbol by symbol."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # processes that import torch
DERIVED = "en_trans_inv"
STOCK = ("--with", "fairseq-preprocess")


@pytest.fixture(scope="module")
def pair(tmp_path_factory, encoded_pair) -> Path:
    return Path(shutil.copytree(encoded_pair, tmp_path_factory.mktemp("copy") / "pair"))


def content(prefix: Path, symbols: Path) -> list[str]:
    from fairseq.data import Dictionary, data_utils

    dictionary = Dictionary.load(str(symbols))
    dataset = data_utils.load_indexed_dataset(str(prefix), dictionary, "mmap")
    lines = [[dictionary[int(i)] for i in dataset[n]] for n in range(len(dataset))]
    assert all(line[-1] == "</s>" for line in lines)
    return [" ".join(line[:-1]) for line in lines]


def test_binarized_pieces_are_the_pieces_and_nothing_else_stays(pair, prepare, capsys):
    assert prepare("binarize", "--pair", pair, "--languages", DERIVED, "--workers", 2, *STOCK) == 0
    folder = pair / "bin" / DERIVED
    names = {f"{split}.{kind}" for split in ("train", "valid") for kind in ("bin", "idx", "counts.npy")}
    names |= {"manifest.json", "identity.json"}
    assert {path.name for path in folder.iterdir()} == names
    for split in ("train", "valid"):
        text = (pair / "pieces" / DERIVED / f"{split}.txt").read_text(encoding="utf-8").split("\n")[:-1]
        assert content(folder / split, pair / "bin" / "dict.txt") == text
    capsys.readouterr()
    assert prepare("binarize", "--pair", pair, "--languages", DERIVED, *STOCK) == 0
    assert "up to date" in capsys.readouterr().out


def test_binarized_labels_line_up_with_binarized_pieces(tmp_path, pair, prepare):
    train, dev = tmp_path / "train.tsv", tmp_path / "dev.tsv"
    train.write_text("the\tDET\nold\tADJ\nmayor\tNOUN\n.\tPUNCT\n\nZürich\tPROPN\n")
    dev.write_text("a\tDET\n犬\tNOUN\n")
    xtreme = ("xtreme", "--pair", pair, "--derived", DERIVED, "--task", "udpos")
    assert prepare(*xtreme, "--train", train, "--dev", dev) == 0
    folders = {language: pair / "xtreme" / "udpos" / language / "bin" for language in ("en", DERIVED)}
    dictionaries = {language: (folder / "labels" / "dict.txt").read_text() for language, folder in folders.items()}
    assert dictionaries["en"] == dictionaries[DERIVED] == "ADJ 1\nDET 1\nNOUN 1\nPROPN 1\nPUNCT 1\n"
    first_labels = {"en": ["DET ADJ NOUN PUNCT", "PROPN"], DERIVED: ["NOUN ADJ DET PUNCT", "PROPN"]}
    for language, folder in folders.items():
        tokens = content(folder / "tokens" / "train", folder / "tokens" / "dict.txt")
        labels = content(folder / "labels" / "train", folder / "labels" / "dict.txt")
        assert [len(line.split()) for line in tokens] == [len(line.split()) for line in labels]
        assert [" ".join(x for x in line.split() if x != "<pad>") for line in labels] == first_labels[language]
        starts = [[piece.split(":")[-1].startswith("▁") for piece in line.split()] for line in tokens]
        assert starts == [[label != "<pad>" for label in line.split()] for line in labels]
        assert "<unk>" in content(folder / "tokens" / "valid", folder / "tokens" / "dict.txt")[0].split()


def test_a_failing_preprocess_is_one_line_and_leaves_nothing(pair, prepare, monkeypatch, capsys):
    monkeypatch.setattr("data_prep.vocabulary.preprocess.sys.executable", "/bin/false")
    assert prepare("binarize", "--pair", pair, "--languages", "en", *STOCK) == 1
    assert capsys.readouterr().err.startswith("error: fairseq-preprocess failed with status 1: ")
    assert not (pair / "bin" / "en").exists()
