"""Kills, faults and flipped bits: the next run ends in the same bytes, or one line says what is wrong."""

from __future__ import annotations

import json
import logging

import pytest
import torch

from tests.chaos import entry_points, faults, flips, kills
from tests.chaos.report import Part, write

SEED = 3


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> kills.Reference:
    import fairseq_cli.train  # noqa: F401  (children begin with everything imported)

    entry_points.register_plugin()
    logging.getLogger("fairseq").setLevel(logging.ERROR)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield kills.Reference(tmp_path_factory.mktemp("workflow") / "all")
    torch.set_num_threads(before)


@pytest.mark.parametrize(("stage", "count"), [("preparation", 6), ("training", 1), ("fine-tuning", 1)])
def test_a_killed_stage_ends_in_the_same_bytes_when_it_is_run_again(reference, stage, count):
    killed = 0
    for number in range(0, 2 * count, 2):  # even ones kill at a file-system event
        was_killed, problem = kills.kill_and_repeat(reference, stage, number, SEED)
        assert not problem
        killed += was_killed
    assert killed == count


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_is_one_line_and_the_next_run_ends_in_the_same_bytes(reference, kind):
    try:
        assert not faults.fault_and_repeat(reference, "preparation", kind, 0, SEED)
    except PermissionError as error:
        pytest.skip(str(error))


def test_a_training_run_into_a_read_only_disk_is_one_line(reference):
    try:
        assert not faults.fault_and_repeat(reference, "training", "read-only folder", 0, SEED)
    except PermissionError as error:
        pytest.skip(str(error))


def test_flipped_bits_are_noticed_or_healed(reference):
    reference.restore()
    counts, failures = flips.run_flips(reference, 12, SEED)
    assert not failures
    assert sum(count for name, count in counts.items() if name.endswith("refused")) >= 3


def test_a_report_is_written_for_machines_and_for_people(tmp_path):
    for failures in ([], ["one"]):
        part = Part("kills", 1, experiments=3, failures=failures)
        part.counts["identical"] += 3
        write(tmp_path, part)
    assert [part["failures"] for part in json.loads((tmp_path / "report.json").read_text())["parts"]] == [[], ["one"]]
    assert (tmp_path / "report.txt").read_text().splitlines()[-1] == "  one"
