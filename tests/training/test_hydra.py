"""The plugin under fairseq-hydra-train, settings from a YAML file, from a folder that is not the repository."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

CONFIG = """
common: {{user_dir: fairseq_alignmlm, cpu: true, seed: 7, log_format: json, log_interval: 1}}
checkpoint: {{save_dir: {folder}/checkpoints, no_epoch_checkpoints: true}}
dataset: {{num_workers: 0, batch_size: 8}}
optimization: {{max_update: 2, lr: [0.001]}}
task: {{_name: multilingual_mlm, data: {data}, languages: "en,xx", tokens_per_sample: 16}}
criterion: {{_name: align_mlm, dictionary: {dictionary}, counterparts: {counterparts}}}
model: {{_name: multilingual_roberta, encoder_layers: 1, encoder_embed_dim: 16, encoder_ffn_embed_dim: 32,
  encoder_attention_heads: 2, max_positions: 64}}
optimizer: {{_name: adam, adam_betas: "(0.9,0.98)"}}
lr_scheduler: {{_name: fixed}}
"""


def test_align_mlm_trains_and_validates_from_yaml(tiny_pair, tmp_path):
    config = CONFIG.format(
        folder=tmp_path,
        data=tiny_pair / "bin",
        dictionary=tiny_pair / "dictionary.25.tsv",
        counterparts=tiny_pair / "counterparts.tsv",
    )
    (tmp_path / "align.yaml").write_text(config)
    command = [sys.executable, "-m", "fairseq_cli.hydra_train", "--config-dir", str(tmp_path), "--config-name", "align"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "checkpoints" / "checkpoint_last.pt").is_file()
    logs = "".join(path.read_text() for path in tmp_path.glob("outputs/**/*.log")) + done.stdout + done.stderr
    assert re.search(r'"valid_alignment_dictionary": "[\d.]+"', logs)
    assert re.search(r'"valid_loss_xx": "[\d.]+"', logs)
    (tmp_path / "align.yaml").write_text(
        config.replace('"en,xx"', '"xx,en"').replace("dictionary: ", "dictionary: en-xx=")
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "checkpoint_last.pt: is of other languages (en,xx) than --languages (xx,en)" in done.stderr
