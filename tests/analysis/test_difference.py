"""Differences between objectives: the paired t test of scipy, Holm's correction, and what the tables mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scipy is not installed (extra [report])")
from scipy.stats import ttest_rel

from fairseq_alignmlm.analysis.comparison import transfer_table, within_noise
from fairseq_alignmlm.analysis.difference import not_told_from_best, paired_difference, pairwise
from fairseq_alignmlm.analysis.difference_table import difference_table
from fairseq_alignmlm.analysis.paper import paper_runs
from fairseq_alignmlm.analysis.results import Run
from fairseq_alignmlm.analysis.summary import groups_of


def by_seed(*scores: float) -> dict[int, float]:
    return dict(enumerate(scores, 1))


def test_difference_is_scipys_paired_test_over_the_seeds_that_both_have() -> None:
    first, second = by_seed(80.1, 82.0, 79.5, 81.2), {2: 80.0, 3: 78.9, 4: 80.0, 9: 1.0}
    found = paired_difference(first, second)
    expected = ttest_rel([82.0, 79.5, 81.2], [80.0, 78.9, 80.0])
    interval = expected.confidence_interval(0.95)
    assert found is not None
    assert (found.p, found.seeds) == (pytest.approx(expected.pvalue), 3)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert paired_difference(first, {7: 3.0}) is None


def test_one_seed_tells_nothing_apart() -> None:
    found = paired_difference(by_seed(80.0), by_seed(20.0))
    assert found is not None
    assert (found.mean, found.p, found.low, found.is_noise) == (60.0, None, None, True)
    assert not_told_from_best({"a": by_seed(20.0), "b": by_seed(80.0)}, lower_is_better=True) == {"b"}


def test_p_is_corrected_for_the_number_of_comparisons() -> None:
    generator = np.random.default_rng(1)
    scores = {name: by_seed(*(generator.normal(size=5) + shift)) for name, shift in (("a", 0), ("b", 1), ("c", 3))}
    single = [ttest_rel(list(scores[a].values()), list(scores[b].values())).pvalue for a, b in ("ab", "ac", "bc")]
    holm = np.minimum(1, np.maximum.accumulate([p * (3 - place) for place, p in enumerate(sorted(single))]))
    found = [difference.p or 0.0 for difference in pairwise(scores).values()]
    assert sorted(found) == pytest.approx(holm.tolist())
    assert np.argsort(found).tolist() == np.argsort(single).tolist()


def test_the_correction_keeps_false_alarms_below_the_level() -> None:
    generator = np.random.default_rng(4)
    alarms = 0
    for _ in range(300):
        scores = {name: by_seed(*generator.normal(size=3)) for name in "abcd"}
        alarms += any(not found.is_noise for found in pairwise(scores).values())
    assert alarms < 300 * 0.08


def seeded(deltas: dict[str, list[float]]) -> list[Run]:
    runs = {run.objective: run for run in paper_runs() if run.transformation == "trans+inv"}
    metric = "span_f1_1.2.2"
    return [
        replace(runs[name], seed=seed, transfer={"pos": {"sup": {metric: 90.0}, "zs": {metric: 90.0 - delta}}})
        for name, values in deltas.items()
        for seed, delta in enumerate(values, 1)
    ]


def test_tables_mark_what_is_within_noise() -> None:
    groups = groups_of(seeded({"mlm": [40, 41, 43], "dict_mlm": [10, 18, 3], "align_mlm": [9, 8, 10]}))
    assert within_noise(groups, "pos") == {("DICT-MLM", "trans+inv")}
    marked = {row[0]: row[-1] for row in transfer_table(groups).rows}
    assert {name for name, cell in marked.items() if "≈" in cell} == {"DICT-MLM"}
    table = difference_table(groups)
    assert table is not None
    rows = {row[0]: row[-1] for row in table.rows}
    assert list(rows) == ["MLM - DICT-MLM", "MLM - ALIGN-MLM", "DICT-MLM - ALIGN-MLM"]
    assert rows["MLM - ALIGN-MLM"].startswith("+32.3 [")
    assert [name for name, cell in rows.items() if "≈" in cell] == ["DICT-MLM - ALIGN-MLM"]


def test_published_runs_have_no_seeds_and_no_differences() -> None:
    groups = groups_of(paper_runs())
    assert difference_table(groups) is None
    assert within_noise(groups, "pos") == set()
