"""What a report shows beside the paper's tables: curves, alignment by frequency, the configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra [report])")

from fairseq_alignmlm.analysis.configuration import commands, runs_table, shared_settings
from fairseq_alignmlm.analysis.curves import frequency_lines, learning_curves, mean_curve, sweep_lines
from fairseq_alignmlm.analysis.emergence import emergence_curves, emergence_table
from fairseq_alignmlm.analysis.emergence_points import read_points
from fairseq_alignmlm.analysis.frequency import frequency_table
from fairseq_alignmlm.analysis.report import sections_of
from fairseq_alignmlm.analysis.results import Run, read_run
from fairseq_alignmlm.analysis.summary import Group, groups_of
from fairseq_alignmlm.analysis.sweeps import OF_THE_PAPER, sweep_table
from fairseq_alignmlm.analysis.variants import has_variants, variant_bars
from fairseq_alignmlm.errors import InputError


def run(objective: str, seed: int, alignments: tuple[float, ...], losses: tuple[float, ...], **settings: object) -> Run:
    bins = tuple(
        {"first": 1 + 10 * place, "last": 10 + 10 * place, "alignment": value} for place, value in enumerate(alignments)
    )
    curve = {"updates": [100.0 * (place + 1) for place in range(len(losses))], "loss": list(losses)}
    return Run(
        objective,
        "en-en_trans_inv",
        "trans+inv",
        "toy",
        seed,
        {"all": 1.0},
        {},
        Path("result.json"),
        settings={"blocks": "32x64:100", **settings},
        updates=100,
        by_frequency=bins,
        curve=curve,
        versions={"torch": "2.6"},
    )


RUNS = [
    run("mlm", 1, (4.0, 2.0), (9.0, 8.0), command_settings="mlm --dictionary /some/where/dictionary.tsv --lr 1"),
    run("mlm", 2, (6.0, 2.0), (7.0,), command_settings="mlm --dictionary /else/where/dictionary.tsv --lr 1"),
    run("align_mlm", 1, (80.0, 40.0), (9.5, 8.5), dictionary_percent=25.0),
]


def test_alignment_by_frequency_is_a_mean_over_seeds_bin_by_bin():
    table = frequency_table(groups_of(RUNS))
    assert table is not None
    assert table.header[3:] == ("1–10", "11–20")
    assert table.rows == (
        ("MLM", "trans+inv", "2", "5.0 ±1.4", "2.0 ±0.0"),
        ("ALIGN-MLM", "trans+inv", "1", "80.0", "40.0"),
    )
    assert frequency_table(groups_of([run("mlm", 1, (), ())])) is None


def test_curves_are_means_of_the_seeds_that_logged_an_update():
    assert mean_curve(groups_of(RUNS)[0]) == ([100.0, 200.0], [8.0, 8.0])


def test_figures_have_a_line_for_every_objective_and_say_their_units():
    for figure, what, unit in (
        (learning_curves(groups_of(RUNS)), "updates", "bits"),
        (frequency_lines(groups_of(RUNS)), "rank", "%"),
    ):
        axis = figure.axes[0]
        assert what in axis.get_xlabel()
        assert unit in axis.get_ylabel()
        assert len([line for line in axis.lines if line.get_marker() != "None"]) == 2
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["MLM", "ALIGN-MLM"]


def test_configuration_says_once_what_is_shared_and_run_by_run_what_is_not():
    assert shared_settings(RUNS) == {"blocks": "32x64:100", "updates": "100", "version of torch": "2.6"}
    table = runs_table(RUNS)
    assert table.header[4:] == ("dictionary_percent",)
    assert [row[4] for row in table.rows] == ["–", "–", "25"]
    assert commands(RUNS) == ["MLM: mlm --dictionary dictionary.tsv --lr 1"]


def test_runs_without_curves_or_bins_make_a_report_without_those_figures():
    bare = [run("mlm", 1, (), ())]
    titles = {section.title: section for section in sections_of(bare, "")}
    assert "Learning curves" not in titles
    assert not titles["Alignment"].pictures
    drawn = {picture.name for section in sections_of(RUNS, "") for picture in section.pictures}
    assert {"curves", "frequency"} <= drawn


def swept_run(alignment: float, **settings: float) -> Run:
    scores = {"sup": {"span_f1_1.2.2": 90.0}, "zs": {"span_f1_1.2.2": alignment / 2}}
    transfer = {"pos": scores} if alignment < 90 else {}
    path = Path("result.json")
    return Run("align_mlm", "p", "trans+inv", "toy", 1, {"all": alignment}, transfer, path, settings=settings)


SWEPT = [swept_run(95.0, dictionary_percent=100), swept_run(70.0, dictionary_percent=50), swept_run(30.0)]


def test_a_varied_setting_is_drawn_in_its_order_beside_the_table_and_not_among_the_objectives():
    groups = groups_of(SWEPT)
    assert [group.label for group in groups] == [
        "ALIGN-MLM",
        "ALIGN-MLM (dictionary 50 %)",
        "ALIGN-MLM (dictionary 100 %)",
    ]
    alignment, pos = sweep_lines(OF_THE_PAPER[0], groups).axes
    assert [text.get_text() for text in pos.get_xticklabels()] == ["25", "50", "100"]
    drawn = {tuple(line.get_ydata()) for line in alignment.lines}
    assert (30.0, 70.0, 95.0) in drawn
    drawn = {tuple(line.get_ydata()) for line in pos.lines}  # 100 % was not tested
    assert {(15.0, 35.0), (90.0, 90.0)} <= drawn
    sections = {section.title: section for section in sections_of(SWEPT, "")}
    assert [picture.name for picture in sections["One setting varied"].pictures] == ["dictionary_percent.trans_inv"]
    assert "One setting varied" not in {section.title for section in sections_of(RUNS, "")}


def test_the_weight_of_the_alignment_loss_has_a_table_without_numbers_of_the_paper():
    table = sweep_table(
        OF_THE_PAPER[-1], groups_of([swept_run(30.0), swept_run(20.0, align_alpha=1), swept_run(60.0, align_alpha=100)])
    )
    assert table is not None
    assert [row[1] for row in table.rows] == ["1", "10", "100"]
    assert [row[-2] for row in table.rows] == ["10.0", "15.0", "30.0"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"curve": {"updates": [1], "loss": []}}, "curve has no updates and losses of equal number"),
        ({"curve": [1]}, "curve has no updates and losses"),
        ({"curve": {"updates": [1], "loss": ["x"]}}, "not a number"),
        ({"alignment_by_frequency": {"first": 1}}, "alignment_by_frequency is not a list"),
    ],
)
def test_wrong_curves_are_refused_with_the_file(tmp_path, fields, message):
    path = tmp_path / "result.json"
    whole = {"objective": "mlm", "pair": "a-b", "transformation": "trans", "scale": "toy", "seed": 1}
    path.write_text(json.dumps({**whole, **fields}))
    with pytest.raises(InputError, match=message):
        read_run(path)


POINT = {
    "updates": 100,
    "alignment": {"frequency": 40.0, "all": 20.0, "held_out": None},
    "layers": [{"words": 5.0, "sentences": 9.0}, {"words": 25.0, "sentences": 3.0}],
    "loss": {"en": 6.0, "xx": 7.0},
    "transfer": {"pos": {"en": {"accuracy": 90.0}, "zs": {"accuracy": 50.0}}},
}


def test_curves_take_the_best_layer_and_both_losses(tmp_path):
    path = tmp_path / "result.json"
    later = {**POINT, "updates": 200, "loss": {"en": 5.0, "xx": 6.0}}
    (first, second) = read_points(path, [later, POINT])
    assert first == {
        "updates": 100.0,
        "alignment.frequency": 40.0,
        "alignment.all": 20.0,
        "words": 25.0,
        "sentences": 9.0,
        "loss.en": 6.0,
        "loss.xx": 7.0,
        "en.pos.accuracy": 90.0,
        "zs.pos.accuracy": 50.0,
    }
    group = Group("MLM", "trans", (replace(RUNS[0], emergence=(first, second)),))
    figure = emergence_curves([group])
    by_title = {axis.get_title(): axis for axis in figure.axes}
    loss = by_title["loss on masked tokens (bits)"].lines[0]
    assert list(loss.get_xdata()) == [100.0, 200.0]
    assert list(loss.get_ydata()) == [6.5, 5.5]
    assert "words" not in emergence_table([group]).header
    assert emergence_table([group]).rows[0][:4] == ("trans", "MLM", "1", "100")
    for broken in ({**POINT, "loss": {"en": float("nan")}}, {**POINT, "layers": []}, {"updates": 1}, 7):
        with pytest.raises(InputError, match="emergence is not what"):
            read_points(path, [broken])


def test_variants_stand_beside_the_scale_as_it_is():
    varied = replace(RUNS[0], settings={**RUNS[0].settings, "variant": "random_none"}, alignment={"all": 0.5})
    groups = groups_of([*RUNS[:2], varied])
    assert [group.label for group in groups] == ["MLM", "MLM (random_none)"]
    assert [group.is_default for group in groups] == [True, False]
    bars = variant_bars(groups).axes[0].patches
    assert [bar.get_width() for bar in bars] == [1.0, 0.5]
    assert has_variants(groups)
    assert not has_variants(groups[:1])
