"""Two natural languages: one vocabulary, shared or separate symbols, parallel text, labelled data of one language."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.pair import Pair, language_list
from data_prep.vocabulary.bpe import load, pieces_of, smoothed_shares
from data_prep.vocabulary.pieces import WordPieces
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary

ENGLISH_WORDS = "the house is small and garden of green while cat sleeps in old"
FRENCH_WORDS = "la maison est petite et le jardin du vert quand chat dort dans vieille"
ENGLISH, FRENCH = ENGLISH_WORDS.split(), FRENCH_WORDS.split()


def text(words: list[str], sentences: int, seed: int) -> str:
    numbers = random.Random(seed)
    lines = [" ".join(numbers.choice(words) for _ in range(numbers.randint(3, 9))) + " ." for _ in range(sentences)]
    return "".join(line + "\n" * (1 + (number % 5 == 4)) for number, line in enumerate(lines))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("natural")
    (folder / "en.txt").write_text(text(ENGLISH, 600, 1), encoding="utf-8")
    (folder / "fr.txt").write_text(text(FRENCH, 150, 2), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, corpora: Path, prepare) -> Pair:
    """A pair en, fr up to the vocabulary."""
    found = Pair(tmp_path_factory.mktemp("work") / "en-fr")
    for language in ("en", "fr"):
        common = ("--pair", found.root, "--language", language, "--format", "lines", "--workers", 1)
        assert prepare("sentences", corpora / f"{language}.txt", *common, "--valid-every", 10) == 0
    assert prepare("vocabulary", "--pair", found.root, "--languages", "en,fr", "--size", 90) == 0
    return found


def encode(pair: Pair, prepare, symbols: str) -> list[str]:
    options = ("--pair", pair.root, "--languages", "en,fr", "--symbols", symbols, "--workers", 1)
    assert prepare("encode", *options) == 0
    return [line.rpartition(" ")[0] for line in pair.symbols.read_text(encoding="utf-8").splitlines()]


def error_of(capsys) -> str:
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=4), st.floats(0, 1), st.integers(10, 10**8))
def test_languages_are_thinned_out_in_proportion_to_a_power_of_their_size(
    present: list[int], alpha: float, most: int
) -> None:
    shares = smoothed_shares(present, alpha, most)
    assert all(1 <= share <= size for share, size in zip(shares, present, strict=True))
    assert sum(shares) <= most + len(present)
    assert sorted(shares) == [share for _, share in sorted(zip(present, shares, strict=True))]
    if sum(present) <= most:
        assert smoothed_shares(present, 1.0, most) == present
        assert smoothed_shares(present, 0.0, most) == [min(present)] * len(present)
        smallest = min(present)
        expected = [smallest * (size / smallest) ** alpha for size in present]
        assert shares == [pytest.approx(value, abs=0.6) for value in expected]


def test_the_vocabulary_holds_words_of_both_languages(pair: Pair) -> None:
    pieces = set(pieces_of(load(pair.model)))
    assert {"▁house", "▁maison"} <= pieces


def test_shared_symbols_are_the_pieces_and_separate_ones_share_nothing(pair: Pair, prepare) -> None:
    pieces = [piece for piece in pieces_of(load(pair.model)) if piece != "<unk>"]
    assert encode(pair, prepare, "separate") == pieces + [f"fr:{piece}" for piece in pieces]
    separate = {name: set((pair.pieces(name) / "train.txt").read_text().split()) for name in ("en", "fr")}
    assert not separate["en"] & separate["fr"]
    assert pair.own_symbols("fr") and not pair.own_symbols("en")
    assert encode(pair, prepare, "shared") == pieces
    shared = {name: set((pair.pieces(name) / "train.txt").read_text().split()) for name in ("en", "fr")}
    assert shared["en"] == separate["en"]
    assert {f"fr:{piece}" for piece in shared["fr"]} == separate["fr"]
    assert "▁." in shared["en"] & shared["fr"]
    assert pair.own_symbols("fr") is None
    assert not pair.counterparts.exists()


@pytest.mark.parametrize("symbols", ["shared", "separate"])
def test_dictionary_entries_and_held_out_ones_are_symbols_of_their_languages(
    pair: Pair, prepare, tmp_path: Path, symbols: str
) -> None:
    known = set(encode(pair, prepare, symbols))
    (tmp_path / "d.txt").write_text("house maison\ncat chat\ngarden jardin\ngreen vert\nold vieille\nsmall petite\n")
    files = ("--input", tmp_path / "d.txt", "--model", pair.model, "--dict", pair.symbols)
    own = ("--l2-symbols", pair.symbol_table("fr")) if symbols == "separate" else ()
    output = tmp_path / "dictionary.tsv"
    assert prepare("translations", *files, *own, "--max-pieces", 9, "--held-out", 0.4, "--output", output) == 0
    prefix = "fr:" if symbols == "separate" else ""
    entries = [
        entry
        for path in (output, tmp_path / "dictionary.held_out.tsv")
        for entry in BilingualDictionary.load(path).entries
    ]
    assert len(entries) == 6
    words = {"".join(e.source)[1:]: "".join(p.removeprefix(prefix) for p in e.target)[1:] for e in entries}
    assert words["house"] == "maison" and words["old"] == "vieille"
    for entry in entries:
        assert known.issuperset(entry.source + entry.target)
        assert all(piece.startswith(prefix) for piece in entry.target)
        assert not any(piece.startswith("fr:") for piece in entry.source)


@pytest.mark.parametrize("symbols", ["shared", "separate"])
def test_parallel_text_is_what_the_criterion_reads_pair_by_pair(
    pair: Pair, prepare, tmp_path: Path, symbols: str, capsys
) -> None:
    from fairseq.data import Dictionary

    from fairseq_alignmlm.data.parallel import load_pair

    encode(pair, prepare, symbols)
    english = ["the house .", "", "cat", "  ", *(f"the {word}" for word in ENGLISH * 3)]
    french = ["la maison .", "le", "", " ", *(f"la {word}" for word in FRENCH[: len(ENGLISH)] * 3)]
    for name, lines in (("a.en", english[:9]), ("a.fr", french[:9]), ("b.en", english[9:]), ("b.fr", french[9:])):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    inputs = [part for stem in "ab" for part in ("--input", tmp_path / f"{stem}.en", tmp_path / f"{stem}.fr")]
    command = ("bitext", "--pair", pair.root, "--languages", "en,fr", *inputs, "--valid-every", 5)
    assert prepare(*command, "--workers", 2) == 0
    assert "pairs with a blank side 3" in capsys.readouterr().out
    dictionary = Dictionary.load(str(pair.symbols))
    segment = {"en": WordPieces(pair.model), "fr": WordPieces(pair.model, pair.own_symbols("fr"))}
    expected = {
        (segment["en"].encode(one.split()), segment["fr"].encode(two.split()))
        for one, two in zip(english, french, strict=True)
        if one.strip() and two.strip()
    }
    found = []
    for split in ("train", "valid"):
        sides = load_pair(pair.root / "bin", pair.parallel, ("en", "fr"), split)
        for one, two in zip(*sides, strict=True):
            found.append(tuple(" ".join(dictionary[i] for i in side.tolist()[:-1]) for side in (one, two)))
    assert len(found) == len(english) - 3
    assert set(found) == expected
    assert prepare(*command, "--workers", 1) == 0
    assert "up to date" in capsys.readouterr().out


def test_few_pairs_have_validation_pairs_too(pair: Pair, prepare, tmp_path: Path) -> None:
    encode(pair, prepare, "shared")
    (tmp_path / "a").write_text("the\nhouse\ncat\n\n")
    command = ("bitext", "--pair", pair.root, "--languages", "en,fr", "--tokeniser", "none", "--workers", 1)
    assert prepare(*command, "--input", tmp_path / "a", tmp_path / "a") == 0
    lines = {split: (pair.parallel / f"{split}.en-fr.en.txt").read_text().split("\n") for split in ("train", "valid")}
    assert lines == {"train": ["▁the", "▁house", ""], "valid": ["▁cat", ""]}


def test_bad_input_is_one_line(pair: Pair, prepare, tmp_path: Path, capsys) -> None:
    encode(pair, prepare, "shared")
    capsys.readouterr()
    (tmp_path / "a.en").write_text("one\ntwo\nthree\n")
    (tmp_path / "a.fr").write_text("un\ndeux\n")
    bitext = ("bitext", "--pair", pair.root, "--languages", "en,fr", "--workers", 1, "--input")
    assert prepare(*bitext, tmp_path / "a.en", tmp_path / "a.fr") == 2
    assert f"a.fr: ends before line 3 of {tmp_path / 'a.en'}" in error_of(capsys)
    assert prepare(*bitext, tmp_path / "a.en", tmp_path / "gone") == 2
    assert "gone: no such file" in error_of(capsys)
    (tmp_path / "one").write_text("one\n\n")
    assert prepare(*bitext, tmp_path / "one", tmp_path / "one") == 2
    assert "no pair for valid" in error_of(capsys)
    assert not pair.parallel.exists() or (pair.parallel / "manifest.json").is_file()
    for verb in (("vocabulary",), ("encode",)):
        assert prepare(*verb, "--pair", pair.root, "--languages", "en,xx") == 2
        assert "unknown language 'xx'; languages that are there: en, fr" in error_of(capsys)
    for names in ("en", "en,en", "en,../fr"):
        with pytest.raises(InputError):
            language_list(names)


@pytest.mark.slow
def test_labelled_data_of_two_natural_languages_have_the_same_labels(pair: Pair, prepare, tmp_path, capsys) -> None:
    encode(pair, prepare, "separate")
    files = {"en": "the\tDET\nhouse\tNOUN\nsleeps\tVERB\n", "fr": "la\tDET\nmaison\tNOUN\n", "wrong": "la\tXYZ\n"}
    for name, content in files.items():
        (tmp_path / f"{name}.tsv").write_text(content)
    for language in ("en", "fr"):
        path = tmp_path / f"{language}.tsv"
        options = ("--pair", pair.root, "--task", "udpos", "--language", language, "--train", path, "--dev", path)
        assert prepare("xtreme", *options, "--labels-of", tmp_path / "en.tsv") == 0
    folders = [pair.labelled("udpos", language) / "bin" for language in ("en", "fr")]
    labels = [(folder / "labels" / "dict.txt").read_text() for folder in folders]
    assert labels[0] == labels[1] == "DET 1\nNOUN 1\nVERB 1\n"
    capsys.readouterr()
    wrong = ("--train", tmp_path / "wrong.tsv", "--dev", tmp_path / "wrong.tsv", "--labels-of", tmp_path / "en.tsv")
    assert prepare("xtreme", "--pair", pair.root, "--task", "udpos", "--language", "fr", *wrong) == 2
    assert "XYZ" in error_of(capsys)
