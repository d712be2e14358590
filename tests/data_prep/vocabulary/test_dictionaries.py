"""From word pairs to a dictionary file of pieces: filters, split, coverage, and the command."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.commands import translations
from data_prep.vocabulary.dictionaries.conversion import Conversion, Entry, Filters, convert, split
from data_prep.vocabulary.dictionaries.coverage import count_words, direction_of_words
from data_prep.vocabulary.dictionaries.reading import Problem, WordPair
from data_prep.vocabulary.dictionaries.segmentation import Segmenter
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary
from fairseq_alignmlm.lexicon.vocabulary import read_symbols

HERE = Path("d.txt")
ENGLISH_TEXT = "the house is small and the garden of the house is green while the cat sleeps in the old house"
FRENCH_TEXT = "la maison est petite et le jardin est vert pendant que le chat dort dans la vieille maison"
ENGLISH, FRENCH = ENGLISH_TEXT.split(), FRENCH_TEXT.split()


def pair(source: str, target: str) -> WordPair:
    return WordPair(source, target, HERE, 1)


def letters(word: str) -> tuple[str, ...] | None:
    """Segment into letters; ``z`` is not in the vocabulary."""
    return None if "z" in word else tuple(word.replace(" ", "_"))


def entry(source: str, target: str) -> Entry:
    return Entry(source, target, tuple(source), tuple(target))


words = st.text(alphabet="abcz \u200f1", max_size=7)
items = st.lists(
    st.one_of(
        st.builds(pair, words, words),
        st.builds(Problem, st.just("no translation"), st.just(HERE), st.just(1), st.just(False)),
    ),
    max_size=30,
)


@given(items, st.integers(1, 3), st.integers(1, 6), st.booleans())
@settings(deadline=None, max_examples=200)
def test_every_item_is_an_entry_or_counted_and_entries_pass_the_filters(
    read: list[WordPair | Problem], max_words: int, max_pieces: int, lowercase: bool
) -> None:
    result = convert(read, letters, Filters(max_words, max_pieces, lowercase))
    assert result.read == len(read) == len(result.entries) + sum(result.dropped.values())
    assert len({(e.source, e.target) for e in result.entries}) == len(result.entries)
    for e in result.entries:
        assert e.source == letters(e.source_word) and e.target == letters(e.target_word)
        assert 1 <= len(e.source) <= max_pieces and 1 <= len(e.target) <= max_pieces
        assert e.source != e.target
        assert max(len(e.source_word.split()), len(e.target_word.split())) <= max_words


@pytest.mark.parametrize(
    "source,target,reason",
    [
        ("", "b", "empty side"),
        ("\u200f", "b", "empty side"),
        ("a b", "c", "more than 1 word"),
        ("abcde", "c", "more than 4 pieces"),
        ("abz", "c", "piece not in the vocabulary"),
        ("abc", "abc", "same pieces on both sides"),
        ("12", "a", "no letter"),
    ],
)
def test_reasons(source: str, target: str, reason: str) -> None:
    assert dict(convert([pair(source, target)], letters, Filters()).dropped) == {reason: 1}


def test_several_translations_stay_and_repeated_ones_are_counted() -> None:
    result = convert([pair("ab", "c"), pair("ab", "d"), pair("ab", "c")], letters, Filters())
    assert [e.target for e in result.entries] == [("c",), ("d",)]
    assert dict(result.dropped) == {"repeated entry": 1}


def test_lowercase_joins_entries_that_differ_in_case() -> None:
    assert len(convert([pair("Ab", "c"), pair("ab", "C")], letters, Filters()).entries) == 2
    assert len(convert([pair("Ab", "c"), pair("ab", "C")], letters, Filters(lowercase=True)).entries) == 1


entries = st.lists(
    st.builds(entry, st.text("abcdef", min_size=1, max_size=3), st.text("xyz", min_size=1, max_size=2)), max_size=60
)


@given(entries, st.floats(0, 0.99), st.integers(0, 9), st.randoms())
@settings(deadline=None, max_examples=100)
def test_the_split_is_a_partition_by_l1_word_whatever_the_order(
    given_entries: list[Entry], fraction: float, seed: int, random: object
) -> None:
    training, held_out = split(given_entries, fraction, seed)
    assert sorted(training + held_out) == sorted(given_entries)
    assert not {e.source for e in training} & {e.source for e in held_out}
    shuffled = list(given_entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {e.source for e in split(shuffled, fraction, seed)[1]} == {e.source for e in held_out}
    assert split(given_entries[:5], fraction, seed)[1] == [e for e in given_entries[:5] if e in held_out]


def test_the_held_out_share_is_the_fraction_and_depends_on_the_seed() -> None:
    many = [entry(f"w{number}", "x") for number in range(4000)]
    first, second = split(many, 0.2, 1)[1], split(many, 0.2, 2)[1]
    for held_out in (first, second):
        assert len(held_out) == pytest.approx(800, abs=4 * (4000 * 0.2 * 0.8) ** 0.5)
    assert set(first) != set(second)
    assert split(many, 0.0, 1)[1] == []


def test_coverage_counts_running_words(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("The house\n\nthe cat the\n", encoding="utf-8")
    found = count_words({"the", "cat"}, tmp_path / "t.txt")
    assert (found.tokens, dict(found.words)) == (5, {"the": 2, "cat": 1})
    assert count_words({"the", "cat"}, tmp_path / "t.txt", lowercase=True).covered({"the", "cat"}) == 4
    assert found.covered({"the"}) == 2


def test_direction_is_told_by_the_words_of_two_texts(tmp_path: Path) -> None:
    entries = [Entry(*words, (words[0],), (words[1],)) for words in (("the", "la"), ("house", "maison"), ("q", "q"))]
    texts = []
    for name, text in (("en", ENGLISH_TEXT), ("fr", FRENCH_TEXT)):
        (tmp_path / name).write_text(text)
        texts.append(count_words({"the", "la", "house", "maison", "q"}, tmp_path / name))
    assert direction_of_words(entries, texts[0], texts[1]) == (2, 0)
    assert direction_of_words(entries, texts[1], texts[0]) == (0, 2)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return spm.model and dict.txt of a tiny joint vocabulary of English and French."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("vocabulary")
    (folder / "text").write_text("\n".join([ENGLISH_TEXT, FRENCH_TEXT] * 5), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "spm"), model_type="bpe", vocab_size=80, minloglevel=2
    )
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    pieces = [processor.id_to_piece(index) for index in range(3, processor.get_piece_size())]
    (folder / "dict.txt").write_text("".join(f"{piece} 1\n" for piece in pieces), encoding="utf-8")
    return folder / "spm.model", folder / "dict.txt"


def test_pieces_are_of_the_vocabulary_and_spell_the_word(vocabulary: tuple[Path, Path]) -> None:
    model, dictionary = vocabulary
    known = frozenset(read_symbols(dictionary))
    segmenter = Segmenter(model, known)
    for word in {*ENGLISH, *FRENCH, "greenhouse"}:
        pieces = segmenter.pieces(word)
        assert pieces is not None and known.issuperset(pieces)
        assert "".join(pieces) == f"▁{word}"
    assert segmenter.pieces("дом") is None
    assert Segmenter(model, known - {"▁the"}).pieces("the") is None


@pytest.mark.parametrize(
    "content,why", [("a 1\nb\n", ":2: expected `symbol count`"), ("", "holds no symbols"), ("a x\n", ":1:")]
)
def test_a_broken_dict_is_bad_input(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "dict.txt").write_text(content)
    with pytest.raises(InputError, match=why):
        read_symbols(tmp_path / "dict.txt")


def test_a_broken_model_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "spm.model").write_bytes(b"not a model")
    with pytest.raises(InputError, match="not a SentencePiece model"):
        Segmenter(tmp_path / "spm.model", frozenset())
    with pytest.raises(InputError, match="no such file"):
        Segmenter(tmp_path / "gone.model", frozenset())


Command = Callable[..., int]


@pytest.fixture
def command(vocabulary: tuple[Path, Path], tmp_path: Path) -> Command:
    def run(*arguments: object) -> int:
        parser = ArgumentParser()
        translations.add_arguments(parser)
        fixed = ["--model", vocabulary[0], "--dict", vocabulary[1], "--output", tmp_path / "out.tsv"]
        return translations.run(parser.parse_args([str(argument) for argument in [*fixed, *arguments]]))

    return run


def test_the_command_writes_what_the_lexicon_reads_and_reports_every_entry(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    muse = tmp_path / "en-fr.txt"
    muse.write_bytes(
        "the le\nthe la\nhouse maison\ncat chat\ngarden jardin\nЁж maison\ntoo many columns\n".encode() + b"caf\xe9 x\n"
    )
    wiktionary = tmp_path / "fr-en.txt"
    wiktionary.write_text("# French :: English\ndort {v} :: to sleep (rest), sleeps\nvert {adj} :: green\n")
    text = tmp_path / "text.txt"
    text.write_text(ENGLISH_TEXT + "\n")
    assert command("--input", muse, "--text", text, "--max-pieces", 9) == 0
    printed = capsys.readouterr()
    assert f"3 columns instead of 2: {muse}:7" in printed.err
    assert f"not valid UTF-8: {muse}:8" in printed.err
    loaded = BilingualDictionary.load(tmp_path / "out.tsv")
    assert len(loaded.entries) == 5 and not loaded.dropped
    assert "".join(loaded.entries[2].source) == "▁house" and "".join(loaded.entries[2].target) == "▁maison"
    counts = json.loads((tmp_path / "out.tsv.manifest.json").read_text())["counts"]
    assert counts["read"] == 8 and counts["usable"] == 5 and sum(counts["dropped"].values()) == 3
    covered = sum(word in {"the", "house", "cat", "garden"} for word in ENGLISH)
    assert counts["l1_text"] == {
        "tokens": len(ENGLISH), "covered": covered, "percent": round(100 * covered / len(ENGLISH), 2)
    }  # fmt: skip
    assert "entries read: 8, usable: 5 of 4 L1 words" in printed.out
    assert command("--input", wiktionary, "--invert", "--max-pieces", 9) == 0
    sources = ["".join(e.source) for e in BilingualDictionary.load(tmp_path / "out.tsv").entries]
    assert sources == ["▁sleep", "▁sleeps", "▁green"]


def test_held_out_words_go_to_a_second_file(command: Command, tmp_path: Path) -> None:
    muse = tmp_path / "en-fr.txt"
    pairs = sorted({(e, f) for e in ENGLISH for f in FRENCH if e != f})
    muse.write_text("".join(f"{e} {f}\n" for e, f in pairs))
    assert command("--input", muse, "--held-out", 0.4, "--seed", 3, "--max-pieces", 9) == 0
    training = BilingualDictionary.load(tmp_path / "out.tsv")
    held_out = BilingualDictionary.load(tmp_path / "out.held_out.tsv")
    assert len(training.entries) + len(held_out.entries) == len(pairs)
    assert not {e.source for e in training.entries} & {e.source for e in held_out.entries}


def test_held_out_entries_go_when_all_are_for_training_again_but_no_file_of_the_user(
    command: Command, tmp_path: Path
) -> None:
    muse, held_out = tmp_path / "en-fr.txt", tmp_path / "out.held_out.tsv"
    muse.write_text("".join(f"{e} {f}\n" for e, f in zip(ENGLISH, FRENCH, strict=False) if e != f))
    arguments = ["--input", muse, "--max-pieces", 9]
    command(*arguments, "--held-out", 0.4)
    assert held_out.exists()
    command(*arguments, "--held-out", 0)
    assert not held_out.exists()
    command(*arguments, "--held-out", 0.4)
    held_out.write_text("mine")
    command(*arguments)
    assert held_out.read_text() == "mine"


@pytest.mark.parametrize(
    "content,arguments,why",
    [
        ("Ёж ёлка\n", [], r"d\.txt:1: no usable entry \(1 x piece not in the vocabulary\)"),
        ("the le la\n", [], r"d\.txt:1: no usable entry \(1 x 3 columns instead of 2\)"),
        ("the le\n", ["--held-out", "1.5"], "--held-out 1.5"),
        ("the le\n", ["--max-pieces", "0"], "--max-pieces"),
        ("the le\n", ["--format", "ding"], "unknown dictionary format"),
        ("the le\n", ["--held-out", "0.001"], "too few words"),
        ("the le\n", ["--text", "gone.txt"], "gone.txt: no such file"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_dictionary(
    command: Command, tmp_path: Path, content: str, arguments: list[str], why: str
) -> None:
    (tmp_path / "d.txt").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=why) as caught:
        command("--input", tmp_path / "d.txt", *arguments)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.tsv").exists()


def test_nothing_read_is_nothing_dropped() -> None:
    assert convert([], letters, Filters()) == Conversion()


def test_a_second_run_is_skipped_and_a_changed_dictionary_or_seed_is_not(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    muse = tmp_path / "en-fr.txt"
    muse.write_text("".join(f"{e} {f}\n" for e, f in zip(ENGLISH, FRENCH, strict=False) if e != f))
    arguments = ["--input", muse, "--held-out", 0.4, "--max-pieces", 9]
    command(*arguments)
    command(*arguments)
    assert "up to date" in capsys.readouterr().out
    first = (tmp_path / "out.held_out.tsv").read_bytes()
    command(*arguments, "--seed", 5)
    assert "wrote" in capsys.readouterr().out
    assert (tmp_path / "out.held_out.tsv").read_bytes() != first
    with open(muse, "a") as handle:
        handle.write("cat chat\n")
    command(*arguments, "--seed", 5)
    assert "wrote" in capsys.readouterr().out
