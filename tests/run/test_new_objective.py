"""A new objective is one file: it goes through recipe, grid and report without a change anywhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fairseq_alignmlm.run.objectives import PLUGINS

OBJECTIVE = '''
"""MLM with its loss multiplied, as an example of an objective of one's own."""

from dataclasses import dataclass, field

from fairseq.criterions import register_criterion
from fairseq.dataclass import FairseqDataclass

from fairseq_alignmlm.criterions.mlm import MLM

OBJECTIVE = {
    "name": "loud_mlm",
    "title": "Loud MLM",
    "settings": {"loudness": {"word": "loud", "text": "loudness {}"}},
    "language_ids": True,
}


@dataclass
class LoudConfig(FairseqDataclass):
    loudness: float = field(default=2.0, metadata={"help": "what the loss is multiplied by"})


@register_criterion("loud_mlm", dataclass=LoudConfig)
class LoudMLM(MLM):
    def __init__(self, cfg, task):
        super().__init__(cfg, task)
        self.loudness = cfg.loudness

    def forward(self, model, sample, reduce=True):
        loss, size, log = super().forward(model, sample, reduce)
        return loss * self.loudness, size, log
'''


@pytest.mark.slow
def test_an_objective_of_ones_own_goes_through_recipe_grid_and_report(tmp_path, tiny):
    plugins, work = tmp_path / "plugins", tmp_path / "work"
    plugins.mkdir()
    (plugins / "loud_mlm.py").write_text(OBJECTIVE)
    common = [
        "--scale",
        tiny,
        "--work",
        work,
        "--plugins",
        plugins,
        "--set",
        "pretrain.blocks=[{tokens: 8, batch: 16, until: 4}]",
    ]

    def alignmlm(*words, **settings):
        command = [sys.executable, "-m", "fairseq_alignmlm", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, **settings)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    alignmlm("run", "trans", *common, "--objective", "loud_mlm", "--set", "objective.loudness=3", "--stop-stage", "7")
    runs = work / "tiny" / "en-en_trans" / "runs"
    result = json.loads((runs / "loud_mlm.loud3-1" / "result.json").read_text())
    assert result["settings"]["loudness"] == 3.0
    assert "loudness=3.0" in (runs / "loud_mlm.loud3-1" / "train.log").read_text()
    assert result["configuration"]["configuration"]["objective"] == {"loudness": 3.0}

    if __import__("importlib.util").util.find_spec("snakemake") is not None:
        part = (
            "--transformations",
            "trans",
            "--objective",
            "loud_mlm",
            "--seeds",
            "2",
            "--tasks",
            "pos",
            "--cores",
            "1",
        )
        alignmlm("run", "paper", *common, *part)
        assert (runs / "loud_mlm-2" / "result.json").is_file()

    environment = os.environ | {PLUGINS: str(plugins)}
    report = alignmlm("report", "--results", runs, "--output", tmp_path / "report", env=environment)
    assert "Loud MLM (loudness 3)" in report
