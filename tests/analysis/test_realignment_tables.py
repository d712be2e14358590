"""What realignment changes, from result files to tables: means, pairing by seed, and what loses, first."""

from __future__ import annotations

import json
import statistics

import pytest

from fairseq_alignmlm.analysis.realignment import read_changes, tables
from fairseq_alignmlm.errors import InputError

METRIC = "span_f1_1.2.2"


def write(folder, objective, way, seed, baseline, realigned):
    path = folder / f"{objective}-{seed}" / "realign" / "gold" / way / "realigned.json"
    path.parent.mkdir(parents=True)
    scores = {
        kind: {language: {METRIC: value} for language, value in zip(("en", "zs"), values, strict=True)}
        for kind, values in (("baseline", baseline), ("realigned", realigned))
    }
    about = {"objective": objective, "way": way, "links": "gold", "seed": seed, "tasks": {"pos": scores}}
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
    harm, everything = tables([english, zero_shot])
    assert [row[:5] for row in harm.rows] == [("POS", "L1", "MLM", "gold", "before")]
    assert len(everything.rows) == 2 and "+32.0" in everything.text()


def test_what_loses_stands_first_and_worst_first(tmp_path):
    write(tmp_path, "mlm", "before", 1, (90.0, 20.0), (80.0, 19.0))
    write(tmp_path, "align_mlm", "after", 1, (90.0, 20.0), (91.0, 15.0))
    harm = tables(read_changes([tmp_path]))[0]
    assert [row[8] for row in harm.rows] == ["-10.0", "-5.0", "-1.0"]
    assert "Nothing lost" in tables([])[0].text()


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
