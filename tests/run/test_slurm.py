"""SLURM: the same settings and checks as local runs; one machine or several; queued again when told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.launch import Launch, environment_of_slot, of_slurm
from fairseq_alignmlm.run.programs import program

SCONTROL = """#!/bin/sh
echo "$@" >>"$CALLS"
if [ "$1" = show ]; then printf 'node-7\\nnode-8\\n'; fi
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A job of two machines, with a scontrol that notes how it is called."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "scontrol").write_text(SCONTROL)
    (programs / "scontrol").chmod(0o755)
    calls = tmp_path / "calls"
    calls.touch()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(calls))
    monkeypatch.setenv("SLURM_JOB_ID", "1234")
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "node-[7-8]")
    monkeypatch.setenv("SLURM_GPUS_ON_NODE", "4")
    return calls


def test_several_machines_meet_at_the_first_one(slurm):
    command = Launch(gpus=4, nodes=2, processes=4).command()
    assert command[:5] == ["srun", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1", "--kill-on-bad-exit=1"]
    assert "--nnodes=2" in command and "--nproc_per_node=4" in command and "--rdzv_id=1234" in command
    assert "--rdzv_endpoint=node-7:29634" in command
    assert command[-len(program("fairseq-train")) :] == program("fairseq-train")
    assert slurm.read_text() == "show hostnames node-[7-8]\n"


def test_a_batch_is_shared_evenly_or_refused():
    assert Launch(gpus=4, nodes=2, processes=4).share(128) == 16
    with pytest.raises(InputError, match="a batch of 128 cannot be shared evenly among 3 GPUs"):
        Launch(gpus=3, processes=3).share(128)


def test_one_gpu_and_the_cpu_need_no_launcher():
    assert Launch(gpus=1).command() == Launch().command() == program("fairseq-train")
    assert Launch().options() == ["--cpu"]
    assert Launch(gpus=1).options() == ["--distributed-world-size=1"]


def test_several_machines_without_slurm_are_refused(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(InputError, match="several machines need a SLURM job"):
        of_slurm(gpus=4, nodes=2)


def test_runs_at_a_time_take_turns_on_the_gpus(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [environment_of_slot(slot, ["3", "5"])["CUDA_VISIBLE_DEVICES"] for slot in range(4)] == ["3", "5", "3", "5"]
    assert environment_of_slot(0, []) == {"OMP_NUM_THREADS": "1"}


def test_no_recipe_or_launch_names_the_backend_that_sums_gradients_twice(repository):
    for path in [*(repository / "recipes").glob("*.sh"), *(repository / "fairseq_alignmlm" / "run").rglob("*")]:
        assert path.is_dir() or path.suffix == ".pyc" or "legacy_ddp" not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_job_that_is_told_to_end_is_queued_again_and_goes_on(tmp_path, tiny, slurm):
    work = tmp_path / "work"
    blocks = "pretrain.blocks=[{tokens: 8, batch: 16, until: 4}]"
    prepare = [sys.executable, "-m", "fairseq_alignmlm", "run", "trans", "--scale", str(tiny), "--work", str(work)]
    done = subprocess.run([*prepare, "--stop-stage", "6"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pair = work / "tiny" / "en-en_trans"
    one = [
        sys.executable,
        "-m",
        "fairseq_alignmlm",
        "run",
        "one",
        str(pair),
        "--scale",
        str(tiny),
        "--objective",
        "mlm",
    ]
    one += ["--until", "pretrain", "--nodes", "1", "--gpus", "0", "--requeue", "--set", blocks]
    engine = subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    assert "pre-training" in engine.stdout.readline()
    time.sleep(1.0)
    engine.send_signal(signal.SIGTERM)
    _, errors = engine.communicate(timeout=60)
    assert engine.returncode == 128 + signal.SIGTERM
    assert "job 1234 is queued again" in errors
    assert slurm.read_text().endswith("requeue 1234\n")
    again = subprocess.run(one, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert (pair / "runs" / "mlm-1" / "pretrained.pt").is_file()
    assert not (pair / "runs" / "mlm-1" / "alignment.json").exists()
