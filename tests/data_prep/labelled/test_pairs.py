"""Published tables of sentence pairs: every row becomes an example in XTREME's format, or is counted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.labelled.pair_tables import Unusable, read_pair_table
from data_prep.labelled.sentence_pairs import SentencePair, read_pairs

sentence = st.text(alphabet="ab\"',; é", min_size=1, max_size=12).filter(str.strip)
label = st.sampled_from(["contradiction", "entailment", "neutral"])


@given(st.lists(st.tuples(sentence, sentence, label), min_size=1, max_size=8), st.sampled_from("\t,"))
def test_what_a_csv_writer_wrote_comes_back(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("pairs") / "table"
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=delimiter)
        writer.writerow(["id", "sentence1", "sentence2", "gold_label"])
        writer.writerows([number, *row] for number, row in enumerate(rows))
    found = [tuple(pair[:3]) for pair in read_pair_table(path)]
    assert found == [(" ".join(a.split()), " ".join(b.split()), c) for a, b, c in rows]


quoting = st.text(alphabet='ab" ', min_size=1, max_size=8).filter(lambda text: text.strip('" '))


@given(st.lists(st.tuples(quoting, quoting, label), min_size=1, max_size=8))
def test_quotes_of_a_table_that_is_not_quoted_never_join_or_tear_rows(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("pairs") / "table"
    lines = ["sentence1\tsentence2\tid\tgold_label", *(f"{a}\t{b}\t{n}\t{c}" for n, (a, b, c) in enumerate(rows))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = list(read_pair_table(path))
    letters = str.maketrans("", "", '" ')
    assert [tuple(part.translate(letters) for part in pair[:3]) for pair in found] == [
        tuple(part.translate(letters) for part in row) for row in rows
    ]
    assert [pair.line for pair in found] == list(range(2, len(rows) + 2))


@pytest.mark.parametrize(
    ("line", "first", "second"),
    [
        ('"Oh, he said\tHe spoke.', '"Oh, he said', "He spoke."),
        ('"Oh\t"Ah', '"Oh', '"Ah'),
        ('"Oh," he said\tHe "spoke".', '"Oh," he said', 'He "spoke".'),
        ('"Oh, ""he"" said"\t"He spoke"', 'Oh, "he" said', "He spoke"),
    ],
)
def test_quotes_of_a_tab_separated_row_mean_something_only_where_all_of_it_is_csv(tmp_path, line, first, second):
    path = tmp_path / "table.tsv"
    path.write_text(f"premise\thypothesis\tlabel\n{line}\tneutral\nA\tB\tneutral\n")
    assert list(read_pair_table(path)) == [
        SentencePair(first, second, "neutral", 2),
        SentencePair("A", "B", "neutral", 3),
    ]


def test_one_language_is_taken_of_a_table_of_many_and_the_manifest_says_which(tmp_path, capsys, prepare):
    path, output = tmp_path / "xnli.dev.tsv", tmp_path / "dev-en.tsv"
    path.write_text(
        "language\tgold_label\tsentence1\tsentence2\nar\tneutral\tX\tY\nen\tentailment\tA\tB\nen\t-\tA\tB\n"
    )
    command = ("pairs", path, "--output", output)
    assert prepare(*command, "--where", "language=en") == 0
    assert output.read_text() == "A\tB\tentailment\n"
    record = json.loads((tmp_path / "dev-en.tsv.manifest.json").read_text())
    assert record["settings"]["where"] == {"language": "en"}
    assert record["counts"]["dropped"] == {"another value than --where asks for": 1, "label '-'": 1}
    assert "left out 1 for label '-'" in capsys.readouterr().err
    assert prepare(*command, "--where", "language=ar") == 0
    assert output.read_text() == "X\tY\tneutral\n"


def test_rows_without_an_example_are_named_with_their_line(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text('prem\thyp\tlabel\nA\tB\t-\nA\nA\t \tneutral\n\'A\'\t"B ""C"""\tcontradictory\n')
    assert list(read_pair_table(path)) == [
        Unusable("label '-'", 2),
        Unusable("too few columns", 3),
        Unusable("an empty sentence", 4),
        SentencePair("'A'", 'B "C"', "contradiction", 5),
    ]


def test_the_command_joins_tables_whose_columns_differ_and_counts_what_it_drops(tmp_path, capsys, prepare):
    (tmp_path / "a.tsv").write_text("prem\thyp\tlabel\nA\tB\tneutral\nA\tB\t-\n")
    (tmp_path / "b.csv").write_text("gold_label,sentence2,sentence1\nentailment,D,C\n")
    output = tmp_path / "train.tsv"
    assert prepare("pairs", tmp_path / "a.tsv", tmp_path / "b.csv", "--output", output) == 0
    assert output.read_text() == "A\tB\tneutral\nC\tD\tentailment\n"
    assert [pair.label for pair in read_pairs(output)] == ["neutral", "entailment"]
    counts = json.loads((tmp_path / "train.tsv.manifest.json").read_text())["counts"]
    assert counts["dropped"] == {"label '-'": 1}
    assert "left out 1 for label '-', first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a\tb\tc\nA\tB\tneutral\n", (), ":1: no column sentence1 or premise or prem among a, b, c"),
        ("a\tb\tc\nA\tB\tneutral\n", ("--columns", "a,b"), "--columns a,b: give three names"),
        ("prem\thyp\tlabel\nA\tB\t-\n", (), "no usable example"),
        (
            "prem\thyp\tlabel\nA\tB\tneutral\n",
            ("--where", "language=en"),
            ":1: no column language among prem, hyp, label",
        ),
        ("prem\thyp\tlabel\nA\tB\tneutral\n", ("--where", "language"), "--where language: give COLUMN=VALUE"),
    ],
)
def test_bad_tables_give_one_line_and_no_output(tmp_path, capsys, prepare, text, options, message):
    path, output = tmp_path / "table.tsv", tmp_path / "out.tsv"
    path.write_text(text)
    assert prepare("pairs", path, "--output", output, *options) == 2
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_taxinli_and_the_counterfactual_data_give_every_row(shared_data: Path):
    assert sum(1 for _ in read_pair_table(shared_data / "taxinli" / "taxinli10k.tsv")) == 10_071
    counterfactual = list(read_pair_table(shared_data / "cad_nli" / "all_combined" / "train.tsv"))
    assert len(counterfactual) == 8_330
    assert not [row for row in counterfactual if isinstance(row, Unusable)]
