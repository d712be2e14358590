"""Stock fairseq trains, resumes, runs data-parallel on CPUs and under hydra, with nothing but the hook."""

from __future__ import annotations

import os
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
OPTIONS = shlex.split(
    "--task masked_lm --criterion masked_lm --arch roberta_base --encoder-layers 1 --encoder-embed-dim 16 "
    "--encoder-ffn-embed-dim 16 --encoder-attention-heads 2 --optimizer adam --lr 1e-3 --lr-scheduler polynomial_decay "
    "--total-num-update 20 --max-tokens 256 --tokens-per-sample 32 --sample-break-mode eos --cpu --num-workers 0 "
    "--log-format simple --log-interval 1"
)
HYDRA = """# @package _group_
common: {{user_dir: fairseq_alignmlm, log_format: simple, cpu: true}}
task: {{_name: masked_lm, data: {data}, tokens_per_sample: 32, sample_break_mode: complete_doc}}
criterion: masked_lm
dataset: {{batch_size: 8, num_workers: 0}}
optimizer: {{_name: adam, adam_betas: "(0.9,0.98)"}}
lr_scheduler: {{_name: polynomial_decay, total_num_update: 4}}
optimization: {{max_update: 2, lr: [0.001]}}
checkpoint: {{save_dir: {save_dir}}}
model: {{_name: roberta, encoder_layers: 1, encoder_embed_dim: 16, encoder_ffn_embed_dim: 16,
         encoder_attention_heads: 2, max_positions: 64}}
"""


def run(*command: str | Path, folder: Path, status: int = 0) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Binarized random words, made by fairseq-preprocess with two workers."""
    folder = tmp_path_factory.mktemp("data")
    chance = random.Random(1)
    for split, count in (("train", 200), ("valid", 20)):
        lines = (" ".join(chance.choices("abcdefghijklm", k=chance.randint(3, 12))) for _ in range(count))
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n")
    prefixes = ("--trainpref", "train.txt", "--validpref", "valid.txt")
    run(BIN / "fairseq-preprocess", "--only-source", *prefixes, "--destdir", "bin", "--workers", "2", folder=folder)
    return folder / "bin"


def test_a_run_resumes_and_validates_its_checkpoint(data, tmp_path):
    train = (BIN / "fairseq-train", data, *OPTIONS, "--save-dir", "saved", "--max-update")
    first = run(*train, "3", folder=tmp_path)
    assert "Warning" not in first
    second = run(*train, "6", folder=tmp_path)
    weights = (tmp_path / "saved" / "checkpoint_last.pt").read_bytes()
    assert "all 6 updates are made" in run(*train, "6", folder=tmp_path)
    assert (tmp_path / "saved" / "checkpoint_last.pt").read_bytes() == weights
    assert re.search(r"Loaded checkpoint saved/checkpoint_last.pt \(epoch 1 @ 3 updates\)", second)
    valid = ("--path", "saved/checkpoint_last.pt", "--task", "masked_lm", "--max-tokens", "256", "--cpu")
    assert "valid on 'valid' subset | loss" in run(BIN / "fairseq-validate", data, *valid, folder=tmp_path)


@pytest.mark.parametrize("backend", [["legacy_ddp"], ["pytorch_ddp", "--find-unused-parameters"]], ids=lambda b: b[0])
def test_two_processes_train_and_resume_on_cpus(data, tmp_path, backend):
    launch = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    parallel = ("--distributed-backend", "gloo", "--ddp-backend", *backend, "--save-dir", "saved", "--max-update")
    train = (*launch, BIN / "fairseq-train", data, *OPTIONS, *parallel)
    run(*train, "2", folder=tmp_path)
    assert "(epoch 1 @ 2 updates)" in run(*train, "4", folder=tmp_path)


def test_hydra_train_finds_the_plugin_by_its_name(data, tmp_path):
    (tmp_path / "run.yaml").write_text(HYDRA.format(data=data, save_dir=tmp_path / "saved"))
    log = run(BIN / "fairseq-hydra-train", "--config-dir", tmp_path, "--config-name", "run", folder=tmp_path)
    assert "done training" in log and "Warning" not in log
    assert (tmp_path / "saved" / "checkpoint_last.pt").exists()


def test_a_full_disk_is_one_line_and_leaves_no_half_checkpoint(data, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only the administrator can make a small disk")
    try:
        train = (BIN / "fairseq-train", data, *OPTIONS, "--save-dir", disk, "--max-update", "2")
        log = run(*train, folder=tmp_path, status=1)
        assert re.search(r"^error: .*No space left on device; the checkpoint was not written", log, re.MULTILINE)
        assert "Traceback" not in log
        names = [path.name for path in disk.iterdir()]
        assert not any(name.endswith(".tmp") for name in names) and "checkpoint_last.pt" not in names
        log = run(*train, "--no-save", folder=tmp_path)  # what is there does not stop the next run
        assert "done training" in log
    finally:
        subprocess.run(["umount", str(disk)], check=True)
