"""Curves of a run: validation while it trains, kept checkpoints, what each has learned, and their figure."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SETTINGS = {
    "pretrain.blocks": "[{tokens: 8, batch: 16, until: 2}, {tokens: 16, batch: 16, until: 5}]",
    "pretrain.validate_every": "2",
    "curves.every": "2",
    "curves.finetune_epochs": "1",
}


def test_a_run_with_curves(tmp_path):
    scale = Path(__file__).with_name("tiny.yaml")
    words = ["--scale", scale, "--work", tmp_path, "--objective", "mlm", "--tasks", "pos", "--jobs", "1"]
    words += [f"--set={name}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "fairseq_alignmlm", "run", "trans", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    pair = tmp_path / "tiny" / "en-en_trans"
    run = pair / "runs" / "mlm-1"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == [
        "00000002.pt",
        "00000004.pt",
        "00000005.pt",
    ]
    valid = [line for line in (run / "train.log").read_text().splitlines() if "| valid on 'valid' subset |" in line]
    assert len(valid) == 3  # at 2, 4 and the end
    assert all("loss_en " in line and "loss_en_trans " in line for line in valid)

    result = json.loads((run / "result.json").read_text())
    points = result["emergence"]
    assert [point["updates"] for point in points] == [2, 4, 5]
    assert points[-1]["alignment"] == pytest.approx(result["alignment"])  # the last is the model itself
    for point in points:
        assert sorted(point["transfer"]["pos"]) == ["en", "zs"]
        assert all(math.isfinite(loss) for loss in point["loss"].values())
    assert (pair / "report" / "emergence.png").stat().st_size > 10_000
    assert "How alignment emerges" in (pair / "report" / "report.md").read_text()

    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr[-2000:]
    assert not any(word in again.stdout for word in ("pre-training", "fine-tuning", "scoring", "curves over"))
