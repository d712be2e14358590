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
