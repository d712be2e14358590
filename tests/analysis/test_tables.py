"""Tables: the paper's numbers come out as printed, order changes are marked, gaps are said."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from fairseq_alignmlm.analysis.comparison import alignment_table, misplaced, summary_table, transfer_table
from fairseq_alignmlm.analysis.gaps import missing
from fairseq_alignmlm.analysis.latex import latex
from fairseq_alignmlm.analysis.paper import paper_runs, paper_tables
from fairseq_alignmlm.analysis.report import long_table
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.summary import cell, groups_of, titles_of
from fairseq_alignmlm.analysis.sweeps import sweep_table, sweeps_of
from fairseq_alignmlm.analysis.table import Table


def with_delta(run: Run, task: str, delta: float, **changes: object) -> Run:
    metric = next(iter(run.transfer[task]["sup"]))
    scores = {"sup": {metric: 90.0}, "zs": {metric: 90.0 - delta}}
    return replace(run, transfer={**run.transfer, task: scores}, **changes)  # type: ignore[arg-type]


def test_table_3_of_the_papers_results_is_the_papers() -> None:
    table = transfer_table(groups_of(paper_runs()))
    assert len(table.rows) == 12
    by_name = {row[:2]: row for row in table.rows}
    assert by_name["ALIGN-MLM", "trans+inv"][3:6] == ("75.5 [75.5]", "68.8 [68.8]", "6.7 [6.7]")
    assert [row[0] for row in table.rows[::3]] == ["MLM", "XLM", "DICT-MLM", "ALIGN-MLM"]
    assert "≠" not in "".join(cell for row in table.rows for cell in row)


def test_table_8_of_the_papers_results_is_the_papers() -> None:
    table = alignment_table(groups_of(paper_runs()))
    rows = {row[:2]: row[table.header.index("all alike")] for row in table.rows}
    assert table.header[3] == "by frequency"
    for title, scores in paper_tables()["table8_alignment"].items():
        for transformation, value in scores.items():
            assert rows[title, transformation] == f"{value:.1f} [{value:.1f}]"


def test_order_that_differs_from_the_paper_is_marked_on_both_sides() -> None:
    runs = [run for run in paper_runs() if run.transformation == "trans+inv"]
    deltas = {"mlm": 30.0, "xlm": 40.0, "dict_mlm": 20.0, "align_mlm": 5.0}  # XLM worse than MLM
    changed = [with_delta(run, "pos", deltas[run.objective]) for run in runs]
    assert misplaced(groups_of(changed), "pos") == {("MLM", "trans+inv"), ("XLM", "trans+inv")}
    assert misplaced(groups_of(changed), "ner") == set()
    marked = [row for row in transfer_table(groups_of(changed)).rows if "≠" in row[-1]]
    assert [row[0] for row in marked] == ["MLM", "XLM"]


def test_objectives_that_the_paper_ties_are_in_no_order() -> None:
    runs = [run for run in paper_runs() if run.transformation == "trans" and run.objective in ("xlm", "dict_mlm")]
    for deltas in ((1.0, 2.0), (2.0, 1.0)):
        changed = [with_delta(run, "ner", delta) for run, delta in zip(runs, deltas, strict=True)]
        assert misplaced(groups_of(changed), "ner") == set()


def test_mean_and_sample_deviation_over_seeds() -> None:
    found = cell([90.0, None, 92.0, 94.0])
    assert found is not None
    assert (found.mean, found.deviation, found.count) == (92.0, 2.0, 3)
    assert str(found) == "92.0 ±2.0"
    assert str(cell([90.0])) == "90.0"
    assert cell([None]) is None


def test_summary_has_alignment_and_every_measured_metric() -> None:
    run = next(run for run in paper_runs() if run.objective == "align_mlm" and run.transformation == "trans+inv")
    scores = {"sup": {"accuracy": 95.0}, "zs": {"accuracy": 80.0}}
    runs = [replace(run, seed=seed, transfer={"pos": scores}) for seed in (1, 2)]
    table = summary_table(groups_of(runs), "toy")
    assert table.header[-3:] == ("POS accuracy SUP", "ZS", "Δ")
    assert table.rows == (
        ("ALIGN-MLM", "trans+inv", "2", "–", "95.2 ±0.0", "–", "–", "95.0 ±0.0", "80.0 ±0.0", "15.0 ±0.0"),
    )


def test_runs_of_another_setup_are_not_set_beside_the_papers() -> None:
    run = next(run for run in paper_runs() if run.objective == "align_mlm")
    groups = groups_of([replace(run, settings={"dictionary_percent": 50})])
    row = transfer_table(groups).rows[0]
    assert row[0] == "ALIGN-MLM (dictionary 50 %)"
    assert not any("[" in text for text in row)


def test_missing_parts_are_said() -> None:
    runs = [run for run in paper_runs() if run.transformation != "trans+syn" and run.objective != "xlm"]
    runs = [replace(run, transfer={**run.transfer, "xnli": {}}) for run in runs]
    runs.append(replace(runs[0], seed=7))
    said = " ".join(missing(groups_of(runs)))
    assert "Under trans+inv there is no run of XLM." in said
    assert "No run under trans+syn." in said
    assert "No run was tested on XNLI." in said
    assert "Fewer than 2 seeds:" in said
    assert "ALIGN-MLM under trans+inv 1" in said


def test_table_is_built_only_when_its_setting_was_varied() -> None:
    base = next(run for run in paper_runs() if run.objective == "xlm" and run.transformation == "trans+inv")
    groups = groups_of([base, with_delta(base, "pos", 12.0, settings={"tlm_ratio": 0.5})])
    built = [table for sweep in sweeps_of(groups) if (table := sweep_table(sweep, groups))]
    assert [table.title[:14] for table in built] == ["Tables 1 and 6"]
    rows = {row[1]: row for row in built[0].rows}
    assert rows["50"][-1] == "12.0"
    assert rows["100"][-1] == "– [35.1]"
    assert rows["25"][-1] == "33.2 [33.2]"
    assert rows["none"][0] == "ALIGN-MLM" and rows["none"][-1] == "– [3.0]"  # the last row of Table 1


@pytest.mark.parametrize("transformation", ["trans", "trans+inv", "trans+syn", "natural"])
def test_varied_settings_are_shown_under_every_transformation_with_what_they_are_compared_to(transformation):
    runs = [run for run in paper_runs() if run.transformation == "trans+inv" and run.objective in ("xlm", "align_mlm")]
    runs = [replace(run, transformation=transformation, pair="en-xx") for run in runs]
    xlm, align = sorted(runs, key=lambda run: run.objective == "align_mlm")
    varied = [
        (xlm, "tlm_ratio", 1.0),
        (xlm, "overlap", 0.5),
        (align, "align_alpha", 1),
        (align, "dictionary_percent", 50),
    ]
    groups = groups_of([*runs, *(replace(run, settings={name: value}) for run, name, value in varied)])
    sweeps = sweeps_of(groups)
    assert {sweep.setting for sweep in sweeps} == {"tlm_ratio", "overlap", "align_alpha", "dictionary_percent"}
    tables = {sweep.setting: sweep_table(sweep, groups) for sweep in sweeps}
    assert all(table is not None and transformation in table.title for table in tables.values())
    assert len({table.title for table in tables.values() if table}) == 4
    compared = tables["tlm_ratio"]
    assert compared is not None and compared.rows[-1][:2] == ("ALIGN-MLM", "none")
    assert compared.rows[-1][-1].startswith("3.0")


def test_latex_has_as_many_cells_as_columns_and_prints_what_it_is_given() -> None:
    table = replace(transfer_table(groups_of(paper_runs())), note="50 % of a_b & {c} \\d ^ ~ #1 $x$")
    lines = latex(table).splitlines()
    assert [line for line in lines if line.startswith("\\multicolumn") or "multicolumn" in line] == [
        " &  &  & "
        + " & ".join(f"\\multicolumn{{3}}{{c}}{{{name}}}" for name in ("XNLI accuracy", "NER F1", "POS F1"))
        + " \\\\"
    ]
    body = lines[lines.index("\\midrule") + 1 : lines.index("\\bottomrule")]
    assert len(body) == 12 and all(line.count(" & ") == 11 and line.endswith(" \\\\") for line in body)
    assert "ALIGN-MLM & trans+inv & 1 & 75.5 [75.5] & 68.8 [68.8] & 6.7 [6.7]" in body[10]
    text = "\n".join(lines)
    assert r"50 \% of a\_b \& \{c\} \textbackslash{}d \textasciicircum{} \textasciitilde{} \#1 \$x\$" in text
    assert text.isascii()
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    for environment in ("table*", "tabular"):
        assert text.count(f"\\begin{{{environment}}}") == text.count(f"\\end{{{environment}}}") == 1
    assert r"\begin{table}" in latex(Table("T", ("name", "n"), (("a", "1"),)))


def test_csv_holds_every_number_in_full() -> None:
    rows = list(csv.DictReader(io.StringIO(long_table(paper_runs()).csv())))
    assert len(rows) == 12 * (1 + 3 * 3)
    chosen = [row for row in rows if row["objective"] == "mlm" and row["transformation"] == "trans+inv"]
    assert {row["direction"]: float(row["percent"]) for row in chosen if row["task"] == "ner"} == {
        "sup": 79.2,
        "zs": 35.9,
        "delta": 43.3,
    }


def test_table_text_is_aligned_and_markup_escaped() -> None:
    table = Table("T", ("name", "n"), (("a|<b>", "1"), ("c", "100")), note="<i>")
    assert table.text().splitlines()[4:6] == ["a|<b>    1", "c      100"]
    assert "a\\|<b>" in table.markdown()
    assert "a|&lt;b&gt;" in table.html()
    assert "<i>" not in table.html()
    with pytest.raises(ValueError, match="2 cells"):
        Table("T", ("name", "n"), (("a",),))


def test_the_pair_is_told_where_a_transformation_has_several() -> None:
    base = replace(paper_runs()[0], transformation="natural", seed=1)
    runs = [replace(base, pair=pair, objective=name) for pair in ("en-fr", "en-de") for name in ("mlm", "align_mlm")]
    groups = groups_of([*runs, *paper_runs()])
    assert titles_of(groups) == ["trans", "trans+inv", "trans+syn", "natural en-de", "natural en-fr"]
    natural = [row for row in transfer_table(groups).rows if row[1].startswith("natural")]
    assert [row[:2] for row in natural] == [
        (label, f"natural {pair}") for label in ("MLM", "ALIGN-MLM") for pair in ("en-de", "en-fr")
    ]
    for table in (alignment_table(groups), summary_table(groups, "toy")):
        assert len({row[:2] for row in table.rows}) == len(table.rows) == 16
    assert titles_of(groups_of(runs[:2])) == ["natural"]


def test_shared_vocabulary_makes_no_other_pair() -> None:
    base = next(run for run in paper_runs() if run.objective == "xlm" and run.transformation == "trans+inv")
    shared = replace(base, pair=f"{base.pair}.overlap0.25", settings={"overlap": 0.25})
    assert titles_of(groups_of([base, shared])) == ["trans+inv"]
    assert [row[:2] for row in transfer_table(groups_of([base, shared])).rows] == [
        ("XLM", "trans+inv"),
        ("XLM (overlap 0.25)", "trans+inv"),
    ]


def test_natural_languages_have_columns_for_word_translation() -> None:
    plain = alignment_table(groups_of(paper_runs()))
    found = {"held_out": 3.0, "held_out_at_5": 7.5, "held_out_csls": 4.0, "held_out_csls_at_5": 8.0}
    run = replace(paper_runs()[0], alignment=found, transformation="natural", pair="en-fr", seed=1)
    table = alignment_table(groups_of([run]))
    assert table.header == (*plain.header, "held out, at 5", "held out, CSLS", "held out, CSLS at 5")
    assert table.rows[0][-3:] == ("7.5", "4.0", "8.0")
    assert table.rows[0][table.header.index("held out")] == "3.0"
