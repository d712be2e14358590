"""The verb `links`: what lies on the disk against links found another way, and input that it refuses."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest

from data_prep.vocabulary.pieces import WordPieces
from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.lexicon.vocabulary import read_symbols

DERIVED = "en_trans_inv"


@pytest.fixture
def pair(encoded_pair, tmp_path) -> Path:
    return Path(shutil.copytree(encoded_pair, tmp_path / "pair"))


def read(folder: Path, first: str, second: str, split: str) -> list[tuple]:
    """Return, for every sentence pair, the symbols of its words on both sides, and its links."""
    symbols = ["<s>", "<pad>", "</s>", "<unk>", *read_symbols(folder / "dict.txt")]
    parts = {
        name: load_binarized(folder / f"{split}.{first}-{second}.{name}")
        for name in (first, second, f"{first}.words", f"{second}.words", "links")
    }
    found = []
    for number in range(len(parts["links"])):
        words = []
        for side in (first, second):
            pieces, starts = parts[side][number].tolist(), parts[f"{side}.words"][number].tolist()
            assert pieces[-1] == 2 and starts[0] == 0
            bounds = [*starts, len(pieces) - 1]
            words.append([" ".join(symbols[p] for p in pieces[a:b]) for a, b in itertools.pairwise(bounds)])
        links = parts["links"][number].view(-1, 2).tolist()
        found.append((*words, [tuple(link) for link in links]))
    return found


def error_of(capsys) -> str:
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    return error


def test_gold_links_join_every_word_with_its_counterpart(pair, prepare):
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1) == 0
    counterparts = dict(
        line.split("\t") for line in (pair / "counterparts.tsv").read_text().splitlines() if "\t" in line
    )
    pairs = read(pair / "links" / "gold", "en", DERIVED, "train")
    lines = [line for line in (pair / "text" / "en" / "train.txt").read_text().splitlines() if line.strip()]
    assert 0 < len(pairs) <= len(lines)
    linked = 0
    for first, second, links in pairs:
        for i, j in links:
            assert [counterparts[piece] for piece in first[i].split()] == second[j].split()
        linked += len(links)
        assert len(links) == len(first)  # of a derived language every word has its own
    record = json.loads((pair / "links" / "gold" / "manifest.json").read_text())
    assert record["counts"]["train"]["links"] == linked
    assert record["counts"]["train"]["pairs"] == len(pairs)


def test_the_files_do_not_depend_on_the_number_of_workers(pair, prepare):
    for workers in (1, 2):
        assert prepare("links", "--pair", pair, "--gold", "--workers", workers, "--output", pair / f"w{workers}") == 0
    for path in (pair / "w1").iterdir():
        if path.name != "manifest.json":
            assert path.read_bytes() == (pair / "w2" / path.name).read_bytes()


def test_links_of_the_pairs_own_dictionary_are_among_the_gold_ones(pair, prepare):
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1) == 0
    assert prepare("dictionary", "--pair", pair, "--percent", 100) == 0  # a vocabulary of 60 has few whole words
    assert prepare("links", "--pair", pair, "--dictionary", pair / "dictionary.100.tsv", "--workers", 1) == 0
    entries = dict(line.split("\t") for line in (pair / "dictionary.100.tsv").read_text().splitlines() if "\t" in line)
    gold = {(tuple(f), tuple(s)): set(links) for f, s, links in read(pair / "links" / "gold", "en", DERIVED, "train")}
    found = read(pair / "links" / "dictionary", "en", DERIVED, "train")
    assert found
    for first, second, links in found:
        once = [i for i, word in enumerate(first) if word in entries and first.count(word) == 1]
        assert set(links) == {(i, j) for i, j in gold[tuple(first), tuple(second)] if i in once}


def test_text_from_outside_with_pharaoh_links(pair, prepare, tmp_path):
    (tmp_path / "en").write_text("the river saw\nold mayor\n\nbuild bridges\n" + "the mayor saw\n" * 40)
    (tmp_path / "xx").write_text("saw river the\nmayor old\nold\nbuild bridges\n" + "saw mayor the\n" * 40)
    (tmp_path / "links").write_text("0-2 1-1 1-0 2-0\n0-1 1-0\n\n\n" + "0-2 1-1 2-0\n" * 40)
    given = ("--input", tmp_path / "en", tmp_path / "xx", "--links", tmp_path / "links", "--workers", 1)
    assert prepare("links", "--pair", pair, *given, "--valid-every", 10) == 0
    folder = pair / "links" / "pharaoh"
    pairs = [each for split in ("train", "valid") for each in read(folder, "en", DERIVED, split)]
    assert len(pairs) == 42
    pieces = WordPieces(pair / "spm.model")
    first = next(links for words, _, links in pairs if words == [pieces[w] for w in ("the", "river", "saw")])
    assert first == [(0, 2)]  # 1-1, 1-0 and 2-0 share words
    record = json.loads((folder / "manifest.json").read_text())["counts"]
    dropped = [record[split]["dropped"] for split in ("train", "valid")]
    assert sum(each.get("pairs with a blank side", 0) for each in dropped) == 1
    assert sum(each.get("pairs without a link", 0) for each in dropped) == 1


def test_sentences_of_too_many_pieces_are_left_out_and_counted(pair, prepare):
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1, "--most-pieces", 20) == 0
    pairs = read(pair / "links" / "gold", "en", DERIVED, "train")
    assert max(len(" ".join(words).split()) for words, _, _ in pairs) <= 20
    dropped = json.loads((pair / "links" / "gold" / "manifest.json").read_text())["counts"]["train"]["dropped"]
    assert dropped["pairs with a side of too many pieces"] > 0


def test_words_that_keep_their_script_are_not_linked(encoded_pair, tmp_path, prepare):
    pair = Path(shutil.copytree(encoded_pair, tmp_path / "overlap"))
    assert prepare("encode", "--pair", pair, "--derived", DERIVED, "--overlap", 0.5, "--workers", 1) == 0
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1) == 0
    for first, second, links in read(pair / "links" / "gold", "en", DERIVED, "train"):
        assert all(first[i] != second[j] for i, j in links)
    dropped = json.loads((pair / "links" / "gold" / "manifest.json").read_text())["counts"]["train"]["dropped"]
    assert dropped["links of identical words"] > 0


def test_wrong_links_are_as_many_as_asked_for(pair, prepare):
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1) == 0
    assert prepare("links", "--pair", pair, "--gold", "--wrong", 0.1, "--workers", 1) == 0
    right = read(pair / "links" / "gold", "en", DERIVED, "train")
    wrong = read(pair / "links" / "gold.wrong0.1", "en", DERIVED, "train")
    links = sum(len(each[2]) for each in right)
    exchanged = sum(link not in one[2] for one, other in zip(right, wrong, strict=True) for link in other[2])
    assert exchanged / links == pytest.approx(0.1, abs=0.02)
    counts = json.loads((pair / "links" / "gold.wrong0.1" / "manifest.json").read_text())["counts"]
    assert counts["train"]["links made wrong"] == exchanged


def test_a_second_call_does_nothing_and_another_seed_does(pair, prepare, capsys):
    arguments = ("links", "--pair", pair, "--gold", "--wrong", 0.2, "--workers", 1)
    assert prepare(*arguments) == 0
    capsys.readouterr()
    assert prepare(*arguments) == 0
    assert "up to date" in capsys.readouterr().out
    assert prepare(*arguments, "--seed", 2) == 0
    assert "wrote" in capsys.readouterr().out


def test_a_derived_text_that_was_changed_is_refused(pair, prepare, capsys):
    path = pair / "text" / DERIVED / "train.txt"
    lines = path.read_text().splitlines()
    lines[3] = " ".join(reversed(lines[3].split()))
    path.write_text("\n".join(lines) + "\n")
    assert prepare("links", "--pair", pair, "--gold", "--workers", 1) == 2
    assert "train.txt" in error_of(capsys)
    assert not (pair / "links" / "gold").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gold", "--languages", "en,fr"), "fr is not one of the pair's"),
        (("--gold", "--input", "a", "b"), "leave out --input"),
        (("--links", "missing"), "needs --input"),
        (("--links", "missing", "--input", "a", "b", "--tokeniser", "moses"), "leave it out"),
        (("--gold", "--reverse", "b"), "--reverse belongs to --dictionary"),
        (("--dictionary", "missing"), "no such file"),
        (("--gold", "--most-pieces", "1"), "no linked pair for"),
    ],
)
def test_what_cannot_be_linked_is_refused_in_one_line(pair, prepare, capsys, arguments, message):
    assert prepare("links", "--pair", pair, *arguments, "--workers", 1) == 2
    assert message in error_of(capsys)
    assert not list((pair / "links").glob("*"))


def test_an_aligner_that_is_not_installed_is_named_with_its_extra(pair, prepare, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for path in ("en", "xx"):
        (tmp_path / path).write_text("the river\n")
    given = ("--input", tmp_path / "en", tmp_path / "xx", "--aligner", "eflomal")
    assert prepare("links", "--pair", pair, *given, "--workers", 1) == 2
    assert "pip install 'fairseq-alignmlm[align]'" in error_of(capsys)


def test_files_of_other_lengths_are_refused(pair, prepare, capsys, tmp_path):
    (tmp_path / "en").write_text("the river\nold mayor\n")
    (tmp_path / "xx").write_text("river the\nmayor old\n")
    (tmp_path / "links").write_text("0-1\n")
    given = ("--input", tmp_path / "en", tmp_path / "xx", "--links", tmp_path / "links")
    assert prepare("links", "--pair", pair, *given, "--workers", 1) == 2
    assert "ends before line 2" in error_of(capsys)
