"""Sentences out of CoNLL and TSV files: every one, in order, or counted with its line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.commands import extract
from data_prep.text import readers
from data_prep.text.readers import Skipped
from fairseq_alignmlm.errors import InputError

DATA = Path("../shared/data")
words = st.text(alphabet="abc12é.#", min_size=1, max_size=4)
texts = st.lists(st.lists(words, min_size=2, max_size=6), min_size=1, max_size=5)


def conll(lines: list[str], column: int | None = None) -> list[str | Skipped]:
    return list(readers.load("conll").read(lines, column))


def tsv(lines: list[str], column: int | None = None) -> list[str | Skipped]:
    return list(readers.load("tsv").read(lines, column))


@given(texts, st.integers(0, 1), st.integers(1, 2))
@settings(deadline=None, max_examples=100)
def test_counted_words_come_back_sentence_by_sentence(text: list[list[str]], first: int, blanks: int) -> None:
    lines = []
    for sentence in text:
        lines += [f"{number}\t{word}\tO" for number, word in enumerate(sentence, first)] + [""] * blanks
    expected = [" ".join(sentence) for sentence in text]
    assert conll(lines) == expected
    assert conll(lines[:-blanks]) == expected


@given(texts)
@settings(deadline=None, max_examples=100)
def test_words_in_the_first_column_come_back_even_where_some_are_numbers(text: list[list[str]]) -> None:
    text = [["the", *sentence] for sentence in text]
    lines = [line for sentence in text for line in [*(f"{word}\tTAG" for word in sentence), ""]]
    assert conll(lines) == [" ".join(sentence) for sentence in text]


def test_conllu_gives_the_words_of_the_surface() -> None:
    lines = [
        "# sent_id = 1", "# text = Il vient du sud.",
        "1\tIl\til", "2\tvient\tvenir", "2.1\tnothing\t_", "3-4\tdu\t_", "3\tde\tde", "4\tle\tle",
        "5\tsud\tsud", "6\t.\t.",
        "", "1-2\tAu\t_", "1\tÀ\tà", "2\tle\tle", "3\trevoir\trevoir",
    ]  # fmt: skip
    assert conll(lines) == ["Il vient du sud .", "Au revoir"]
    assert conll(["1\ta\tB", "2\tc\tD"], column=3) == ["B D"]


def test_a_sentence_without_a_word_somewhere_is_named_by_its_line() -> None:
    assert conll(["1\ta", "2", "", "1\tb"]) == [Skipped("no word in column 2", 2), "b"]
    assert conll(["# only comments", "", "# here"]) == []


@given(st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=8))
@settings(deadline=None, max_examples=50)
def test_tsv_gives_back_the_column(sentences: list[str]) -> None:
    lines = [f"fr-{number:09}\t{sentence}\tmore" for number, sentence in enumerate(sentences)]
    assert tsv(lines) == sentences
    assert tsv(lines, column=3) == ["more"] * len(sentences)


def test_tsv_names_lines_without_the_column() -> None:
    assert tsv(["a\tb", "c", "", "d\t "]) == [
        "b",
        Skipped("1 column, no column 2", 2),
        Skipped("nothing in column 2", 4),
    ]


@pytest.mark.parametrize(
    "file,form,sentences", [("wikineural/fr/val.conllu", "conll", 12600), ("bucc2018/fr-en.dev.fr", "tsv", 21497)]
)
def test_real_files_lose_no_sentence(file: str, form: str, sentences: int) -> None:
    path = DATA / file
    if not path.exists():
        pytest.skip("../shared/data is not there")
    found = list(readers.load(form).read(path.read_text(encoding="utf-8").split("\n"), None))
    assert len(found) == sentences
    assert all(isinstance(sentence, str) for sentence in found)


def command(*arguments: object) -> int:
    parser = ArgumentParser()
    extract.add_arguments(parser)
    return extract.run(parser.parse_args([str(argument) for argument in arguments]))


def test_the_command_writes_documents_counts_and_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.tsv").write_text("1\tA b\n2\tC\nbroken\n3\tD\n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("1\tÉ\n", encoding="utf-8")
    arguments = (
        tmp_path / "a.tsv",
        tmp_path / "b.tsv",
        "--format",
        "tsv",
        "--document",
        2,
        "--output",
        tmp_path / "out",
    )
    assert command(*arguments) == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == "A b\nC\n\nD\n\nÉ\n"
    printed = capsys.readouterr()
    assert f"1 column, no column 2: {tmp_path / 'a.tsv'}:3" in printed.err
    counts = json.loads((tmp_path / "out.manifest.json").read_text())["counts"]
    assert counts == {"sentences": 4, "words": 5, "dropped": {"1 column, no column 2": 1}}
    command(*arguments)
    assert "up to date" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content,why",
    [
        (b"one column\n", r"in\.tsv:1: no sentence of the format tsv"),
        (b"", r"in\.tsv:1: no sentence"),
        (b"1\ta\n2\tcaf\xe9\n", r"in\.tsv:2: not valid UTF-8"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "in.tsv").write_bytes(content)
    with pytest.raises(InputError, match=why):
        command(tmp_path / "in.tsv", "--format", "tsv", "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_language_in_front_of_every_word_of_panx_is_taken_off_and_nothing_else() -> None:
    panx = ["en:Ann\tB-PER", "en:saw\tO", "en:re:\tO", "", "en:1 000\tO"]
    assert conll(panx) == ["Ann saw re:", "1 000"]
    assert conll([*panx, "", "Bob\tO"])[:1] == ["en:Ann en:saw en:re:"]
