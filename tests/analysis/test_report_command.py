"""The command ``report``: files, figures and page from partial results, nothing loaded from elsewhere."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra [report])")
pytest.importorskip("scipy", reason="scipy is not installed (extra [report])")

import itertools

from fairseq_alignmlm.analysis.figure import alignment_scatter, delta_bars, rendered, score_bars
from fairseq_alignmlm.analysis.layout import COLUMN, COLUMN_WIDTH
from fairseq_alignmlm.analysis.objectives import OBJECTIVES, objective_named
from fairseq_alignmlm.analysis.paper import FILE, paper_runs
from fairseq_alignmlm.analysis.report import correlations
from fairseq_alignmlm.analysis.summary import groups_of
from fairseq_alignmlm.commands import report
from fairseq_alignmlm.errors import InputError


def command(*arguments: object) -> int:
    parser = ArgumentParser()
    report.add_arguments(parser)
    return report.run(parser.parse_args([str(argument) for argument in arguments]))


def runs_in(folder: Path) -> Path:
    """Write two objectives with two seeds each, POS only."""
    for objective, alignment, zero_shot in (("mlm", 0.5, 20.0), ("align_mlm", 30.0, 41.0)):
        for seed in (1, 2):
            path = folder / "runs" / f"{objective}-{seed}" / "result.json"
            path.parent.mkdir(parents=True)
            fields = {
                "objective": objective,
                "pair": "en-en_trans_inv",
                "transformation": "trans+inv",
                "scale": "toy",
                "seed": seed,
                "alignment": {"all": alignment + seed, "dictionary": 99.0, "held_out": 10.0},
                "transfer": {
                    "pos": {
                        direction: {"accuracy": value, "span_f1_1.2.2": value - 2}
                        for direction, value in (("sup", 90.0), ("zs", zero_shot + seed))
                    }
                },
                "signatures": {"pos": {"zs": "task:udpos|<script>|v:0.1.0"}},
                "settings": {"note": "<script>alert(1)</script>"},
            }
            path.write_text(json.dumps(fields))
    return folder


def test_partial_results_give_a_partial_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--results", runs_in(tmp_path / "work"), "--output", tmp_path / "report") == 0
    said = capsys.readouterr().out
    assert re.search(r"ALIGN-MLM +trans\+inv +2 +– +31\.5 ±0\.7 +99\.0 ±0\.0 +10\.0 ±0\.0 +88\.0 ±0\.0 +40\.5", said)
    names = {path.name for path in (tmp_path / "report").iterdir()}
    figures = {f"{name}.{kind}" for name in ("figure2", "figure3", "scores") for kind in ("png", "svg", "pdf")}
    tables = {
        "table_3.tex",
        "table_8.tex",
        "differences_between_objectives.tex",
        "the_same_in_all_runs.tex",
        "runs.tex",
    }
    assert names == {"report.md", "report.html", "results.csv", *figures, *tables}
    text = (tmp_path / "report" / "report.md").read_text()
    assert "Under trans+inv there is no run of XLM, DICT-MLM." in text
    assert "No run was tested on XNLI." in text
    for link in re.findall(r"\]\((.+?)\)", text):
        assert (tmp_path / "report" / link).is_file()


def test_a_task_that_only_some_seeds_were_tested_on_is_named(tmp_path: Path) -> None:
    work = runs_in(tmp_path / "work")
    path = work / "runs" / "mlm-2" / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "transfer": {}}))
    assert command("--results", work, "--output", tmp_path / "report") == 0
    text = (tmp_path / "report" / "report.md").read_text()
    assert "Not measured for every seed: POS of MLM under trans+inv (1 of 2)." in text


def test_page_is_self_contained_and_runs_nothing(tmp_path: Path) -> None:
    command("--results", runs_in(tmp_path / "work"), "--output", tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert page.count("<img") == 3


def test_scales_are_reported_apart(tmp_path: Path) -> None:
    command("--results", runs_in(tmp_path / "work"), "--paper", "--output", tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    assert "## Transfer (scale toy)" in text
    assert "## Transfer (scale paper (published))" in text
    assert (tmp_path / "report" / "paper--published-figure2.png").is_file()


def test_tables_can_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built_in = Path(report.__file__).parents[1] / "analysis" / FILE
    command("--paper", built_in, "--output", tmp_path / "report")
    assert [line.split("=")[1].split()[0] for line in capsys.readouterr().out.splitlines() if "ρ" in line] == [
        "-0.7273",
        "-0.7811",
        "-0.7343",
    ]
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="has no table3_objectives"):
        command("--paper", tmp_path / "other.json", "--output", tmp_path / "report")


def test_nothing_to_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to report"):
        command("--output", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_alignment_without_transfer_is_reported(tmp_path: Path) -> None:
    work = runs_in(tmp_path / "work")
    for path in work.rglob("result.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "transfer": {}}))
    assert command("--results", work, "--output", tmp_path / "report") == 0
    text = (tmp_path / "report" / "report.md").read_text()
    assert "No run was tested on POS." in text
    assert "Table 8" in text
    assert not list((tmp_path / "report").glob("*.png"))


def test_same_runs_give_the_same_bytes() -> None:
    groups = groups_of(paper_runs())
    for kind in ("png", "svg"):
        assert rendered(delta_bars(groups), kind) == rendered(delta_bars(groups), kind)


def test_an_objective_looks_the_same_in_every_figure() -> None:
    groups = groups_of(paper_runs())
    few = groups_of([run for run in paper_runs() if run.objective in ("mlm", "align_mlm")])
    for draw in (delta_bars, score_bars):
        for shown in (groups, few):
            axis = draw(shown).axes[0]
            from matplotlib.colors import to_hex

            found = {to_hex(bar.get_facecolor()) for bar in axis.patches}
            assert found == {objective_named(group.objective).colour for group in shown}


def test_every_pair_of_a_transformation_has_a_panel_of_its_own() -> None:
    runs = [run for run in paper_runs() if run.transformation == "trans"]
    groups = groups_of([*runs, *(replace(run, pair="de-de_trans") for run in runs)])
    for draw in (delta_bars, score_bars):
        axes = draw(groups).axes
        assert [axis.get_title() for axis in axes] == ["trans de-de_trans", "trans en-en_trans"]
        assert [len(axis.patches) for axis in axes] == [12, 12]


def test_objectives_differ_in_grey_too() -> None:
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    shades = sorted((grey(objective.colour), objective.hatch) for objective in OBJECTIVES.values())
    for (first, hatch), (second, other) in itertools.pairwise(shades):
        assert second - first > 25 or hatch != other
    assert len({objective.marker for objective in OBJECTIVES.values()}) == len(OBJECTIVES)


def test_names_with_a_dollar_sign_are_no_formulas() -> None:
    runs = [replace(run, pair=r"en-$\\frac{", transformation=r"$\\frac{") for run in paper_runs()]
    assert rendered(delta_bars(groups_of(runs)), "png") and rendered(alignment_scatter(runs, correlations(runs)), "png")


def test_every_point_of_figure_3_is_inside_its_panel_and_so_is_every_legend() -> None:
    for runs in (paper_runs(), [run for run in paper_runs() if run.transformation == "trans+inv"]):
        groups = groups_of(runs)
        for figure in (alignment_scatter(runs, correlations(runs)), delta_bars(groups), score_bars(groups)):
            figure.draw_without_rendering()
            for axis in figure.axes:
                low, high = axis.get_ylim()
                for line in axis.lines:
                    assert all(low <= y < high for y in line.get_ydata()), axis.get_title()
            width, height = figure.bbox.size
            for legend in figure.legends:
                box = legend.get_window_extent()
                assert box.x0 >= 0
                assert box.x1 <= width
                assert 0 <= box.y0 < box.y1 <= height


def test_figures_for_a_paper_are_a_column_wide_with_embedded_fonts_and_room_for_everything() -> None:
    groups = groups_of(paper_runs())
    drawn = [delta_bars(groups, COLUMN), score_bars(groups, COLUMN)]
    drawn.append(alignment_scatter(paper_runs(), correlations(paper_runs()), COLUMN))
    for figure in drawn:
        figure.draw_without_rendering()
        assert figure.get_size_inches()[0] == COLUMN_WIDTH
        assert len({round(axis.get_position().x0, 3) for axis in figure.axes}) == 1  # below each other
        shown = [text for axis in figure.axes for text in (*axis.texts, *axis.get_xticklabels(), axis.title)]
        assert min(text.get_fontsize() for text in shown) >= 6
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert 0 <= box.x0 < box.x1 <= width + 0.01 and 0 <= box.y0 < box.y1 <= height + 0.01
    content = rendered(drawn[0], "pdf")
    assert content.startswith(b"%PDF") and content == rendered(delta_bars(groups, COLUMN), "pdf")
    assert b"/Type3" not in content


def test_numbers_at_bars_do_not_touch_in_a_column() -> None:
    figure = delta_bars(groups_of(paper_runs()), COLUMN)
    figure.draw_without_rendering()
    for axis in figure.axes:
        boxes = sorted((text.get_window_extent() for text in axis.texts), key=lambda box: box.x0)
        assert len(boxes) == 12
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_pairs_of_natural_languages_differ_in_their_markers() -> None:
    pairs = ("en-fr", "en-de", "en-hi", "en-ar", "en-zh")
    mlm = next(run for run in paper_runs() if run.objective == "mlm" and run.transformation == "trans+inv")
    runs = [
        replace(mlm, pair=pair, transformation="natural", alignment={"all": 10.0 * place})
        for place, pair in enumerate(pairs, 1)
    ]
    figure = alignment_scatter([mlm, *runs], correlations([mlm, *runs]))
    looks: dict[float, list[tuple[str, str]]] = {}
    for line in figure.axes[0].lines[:-1]:  # the last one is at 0
        looks.setdefault(line.get_xdata()[0], []).append((line.get_marker(), line.get_fillstyle()))
    assert len(looks) == 6 and len({tuple(look) for look in looks.values()}) == 6
    named = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert named == {"MLM", "trans+inv", *(f"natural {pair}" for pair in pairs)}


def test_axes_say_what_they_show_and_in_which_unit() -> None:
    scatter = alignment_scatter(paper_runs(), correlations(paper_runs()))
    assert [axis.get_xlabel() for axis in scatter.axes] == ["alignment, all tokens alike (%)"] * 3
    for figure, unit in ((scatter, "points"), (delta_bars(groups_of(paper_runs())), "points")):
        assert unit in figure.axes[0].get_ylabel()
    assert "(%)" in score_bars(groups_of(paper_runs())).axes[0].get_ylabel()
