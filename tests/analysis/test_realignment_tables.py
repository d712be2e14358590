"""What realignment changes, from result files to tables: means, pairing by seed, and what loses, first."""

from __future__ import annotations

import json
import statistics

import pytest

from fairseq_alignmlm.analysis.alignment_and_transfer import correlations, read_points
from fairseq_alignmlm.analysis.realignment import everything, harm, read_changes
from fairseq_alignmlm.errors import InputError

METRIC = "span_f1_1.2.2"


def write(folder, objective, way, seed, baseline, realigned):
    path = folder / f"{objective}-{seed}" / "realign" / "gold" / way / "realigned.json"
    path.parent.mkdir(parents=True)
    scores = {
        kind: {language: {METRIC: value} for language, value in zip(("en", "zs"), values, strict=True)}
        for kind, values in (("baseline", baseline), ("realigned", realigned))
    }
    about = {
        "pair": "en-xx",
        "objective": objective,
        "way": way,
        "links": "gold",
        "seed": seed,
        "tasks": {"pos": scores},
    }
    path.write_text(json.dumps(about))
    return path


def test_changes_are_paired_by_seed(tmp_path):
    values = {1: ((90.0, 20.0), (89.0, 50.0)), 2: ((92.0, 30.0), (92.5, 45.0)), 3: ((91.0, 10.0), (91.0, 61.0))}
    for seed, (baseline, realigned) in values.items():
        write(tmp_path, "mlm", "before", seed, baseline, realigned)
    english, zero_shot = sorted(read_changes([tmp_path]), key=lambda each: each.language)
    assert zero_shot.baseline == 20.0 and zero_shot.realigned == 52.0
    assert zero_shot.difference.mean == statistics.fmean([30, 15, 51]) and zero_shot.difference.seeds == 3
    assert english.difference.mean == pytest.approx(-0.5 / 3)
    assert [row[:6] for row in harm([english, zero_shot]).rows] == [("POS", "L1", "en-xx", "MLM", "gold", "before")]
    whole = everything([english, zero_shot])
    assert len(whole.rows) == 2 and "+32.0" in whole.text()


def test_what_loses_stands_first_and_worst_first(tmp_path):
    write(tmp_path, "mlm", "before", 1, (90.0, 20.0), (80.0, 19.0))
    write(tmp_path, "align_mlm", "after", 1, (90.0, 20.0), (91.0, 15.0))
    assert [row[9] for row in harm(read_changes([tmp_path])).rows] == ["-10.0", "-5.0", "-1.0"]
    assert "Nothing lost" in harm([]).text()


@pytest.mark.parametrize("text", ["", "[]", '{"objective": "mlm"}', "{"])
def test_a_broken_result_is_refused_in_one_line(tmp_path, text):
    path = write(tmp_path, "mlm", "before", 1, (1.0, 1.0), (1.0, 1.0))
    path.write_text(text)
    with pytest.raises(InputError, match=r"realigned.json: is no result of realignment") as error:
        read_changes([tmp_path])
    assert "\n" not in str(error.value)


def test_no_result_at_all_is_refused(tmp_path):
    with pytest.raises(InputError, match="no realigned"):
        read_changes([tmp_path])


def measured(path, start, tuned):
    """Add alignment to a result: of the model as it was, and of the realigned one."""
    record = json.loads(path.read_text())
    for kind, values in (("baseline", start), ("realigned", tuned)):
        by_layer = {"weak": values, "strong": [value / 2 for value in values]}
        record["tasks"]["pos"][kind]["alignment"] = {"start": by_layer, "tuned": by_layer}
    path.write_text(json.dumps(record))


def test_alignment_is_correlated_with_relative_transfer_over_setups(tmp_path):
    from scipy.stats import spearmanr

    rows = {"before": (50.0, 30.0), "during": (45.0, 60.0), "after": (20.0, 10.0), "front": (48.0, 40.0)}
    for seed, shift in ((1, 0.0), (2, 1.0)):
        for way, (zero_shot, alignment) in rows.items():
            path = write(tmp_path, "mlm", way, seed, (90.0, 15.0 + shift), (90.0, zero_shot + shift))
            measured(path, [5.0, 8.0], [alignment, alignment / 3])
    points = read_points([tmp_path])
    assert len(points) == 10  # the model without realignment counts once a seed
    base = next(point for point in points if point.setup[3] == "baseline" and point.seed == 1)
    assert base.relative == pytest.approx(100 * (15 - 90) / 90)
    table = correlations(points)
    expected = spearmanr([5.0, 30.0, 60.0, 10.0, 40.0], [15.0, 50.0, 45.0, 20.0, 48.0]).statistic
    row = next(row for row in table.rows if row[:4] == ("POS", "before fine-tuning", "weak", "0"))
    assert row[4] == f"{expected:.2f}"
    assert row[5] == "–"  # 5 setups are too few
    assert row[7:] == ("5", "10")
    assert len(table.rows) == 2 * 2 * 2


def test_results_without_alignment_give_no_points(tmp_path):
    write(tmp_path, "mlm", "before", 1, (90.0, 20.0), (80.0, 19.0))
    assert read_points([tmp_path]) == []
