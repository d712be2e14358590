"""The grid: which jobs it consists of, that a failed run stops no other, and that a second call goes on."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("snakemake") is None, reason="Snakemake is not installed (extra [workflow])"
)
ONE_BLOCK = ("--set", "pretrain.blocks=[{tokens: 8, batch: 16, until: 4}]")


@pytest.fixture
def grid(repository, tmp_path):
    """Run the grid in a folder of its own."""
    settings = tmp_path / "tiny.yaml"
    settings.write_text(Path(__file__).with_name("tiny.yaml").read_text())

    def call(*arguments, scale=settings):
        command = [repository / "recipes" / "paper.sh", *arguments, "--scale", scale, "--work", tmp_path / "work"]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)

    return call


def jobs(output):
    """Read the table of a dry run: jobs by rule."""
    rows = [line.split() for line in output.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()}


def test_the_whole_grid_is_every_objective_transformation_and_seed_over_prepared_pairs(grid, tmp_path):
    done = grid("--dry-run", scale="toy")
    assert done.returncode == 0, done.stderr
    assert jobs(done.stdout + done.stderr) == {"text": 1, "pair": 3, "run": 36, "all": 1, "total": 41}
    assert not (tmp_path / "work").exists()


def test_a_part_of_the_grid_can_be_chosen_also_as_earlier_versions_did(grid):
    part = ("--seeds", "5", "--objective", "mlm,align_mlm", "--transformations", "trans_inv")
    before = ("--config", "seeds=5", "objectives=mlm,align_mlm", "transformations=trans_inv")
    for words in (part, before):
        done = grid("--dry-run", *words, scale="toy")
        assert jobs(done.stdout + done.stderr) == {"text": 1, "pair": 1, "run": 2, "all": 1, "total": 5}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--config", "sed=1"), "unknown setting 'sed'"),
        (("--objective", "mlm,bert"), "unknown objective 'bert'; choose of mlm, xlm, dict_mlm, align_mlm"),
        (("--seeds", "one"), "'one' is no whole number"),
        (("--align-alpha", "1"), "the grid does not take --align-alpha"),
        (("--config", "options=--overlap 0.5"), "the grid does not take --overlap"),
        (("--transformations", "rot13"), "unknown 'rot13'; choose of trans, trans_inv, trans_syn"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_runs(grid, tmp_path, words, message):
    done = grid(*words, scale="toy")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_a_failed_run_is_listed_stops_no_other_and_is_all_that_a_second_call_repeats(grid, tmp_path):
    pair = tmp_path / "work" / "tiny" / "en-en_trans_inv"
    part = (
        "--seeds",
        "1",
        "--objective",
        "mlm,align_mlm",
        "--transformations",
        "trans_inv",
        "--tasks",
        "pos",
        *ONE_BLOCK,
    )
    wrong = pair / "runs" / "mlm-1" / "configuration.yaml"
    wrong.parent.mkdir(parents=True)
    wrong.write_text("pretraining: of another scale\n")

    failed = grid("--cores", "2", *part)
    assert failed.returncode != 0
    assert "1 of 2 runs are there. Not finished (1):" in failed.stderr
    assert f"mlm under trans_inv, seed 1: see {pair.parent / 'grid' / 'run.en-en_trans_inv.mlm-1.log'}" in failed.stderr
    assert "was made with other settings" in failed.stderr
    other = pair / "runs" / "align_mlm-1" / "result.json"
    assert other.is_file()
    partial = (tmp_path / "work" / "tiny" / "report" / "report.md").read_text()
    assert "Under trans+inv there is no run of MLM" in partial

    wrong.unlink()
    before = other.stat().st_ino
    mended = grid("--cores", "2", *part)
    assert mended.returncode == 0, mended.stderr[-3000:]
    assert other.stat().st_ino == before
    whole = (tmp_path / "work" / "tiny" / "report" / "report.md").read_text()
    assert "Under trans+inv there is no run of XLM, DICT-MLM" in whole
    nothing = grid("--cores", "2", *part)
    assert nothing.returncode == 0
    assert "Nothing to be done" in nothing.stdout
