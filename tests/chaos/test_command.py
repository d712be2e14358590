"""The command of the campaign: its parts run, add up in one report, and set the exit status."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_every_part_runs_by_command_and_adds_to_the_report(tmp_path, repository):
    for part in ("kills", "faults", "flips"):
        command = [sys.executable, "-m", "tests.chaos", part, "--count", "1", "--output", str(tmp_path)]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    parts = json.loads((tmp_path / "report.json").read_text())["parts"]
    assert [(part["name"], part["failures"]) for part in parts] == [("kills", []), ("faults", []), ("flips", [])]
    assert all(sum(part["counts"].values()) >= 1 for part in parts)
