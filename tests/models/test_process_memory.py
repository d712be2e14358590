"""Who may change how the process keeps memory: training commands, nobody else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from fairseq_alignmlm.models.process_memory import prepare_training

PROGRAM = """
import argparse, torch
from types import SimpleNamespace
from fairseq.data import Dictionary
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.models.process_memory import prepare_training

dictionary = Dictionary()
dictionary.add_symbol("<mask>")
cfg = MultilingualRobertaConfig(encoder_layers=1, encoder_embed_dim=16, encoder_attention_heads=2)
model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary, languages=["en"]))
if {training}:
    prepare_training(model)

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

before = resident()
for size in range(40, 60):
    parts = [torch.zeros(size * 2**18) for _ in range(3)]
    del parts
print((resident() - before) // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("training", [False, True])
def test_memory_is_given_back_after_building_a_model_and_kept_in_training(training):
    import platform

    if platform.libc_ver()[0] != "glibc":
        pytest.skip("only glibc has the setting")
    program = PROGRAM.replace("{training}", str(training))
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    kept = int(found.stdout.split()[-1])
    assert kept > 100 if training else kept < 50


@pytest.mark.parametrize("module", ["multilingual_mlm", "finetuning"])
def test_every_task_prepares_the_process_when_training_begins(monkeypatch, module):
    tasks = importlib.import_module(f"fairseq_alignmlm.tasks.{module}")
    kind = tasks.MultilingualMLM if module == "multilingual_mlm" else tasks.FinetuningTask
    prepared = []
    monkeypatch.setattr(tasks, "prepare_training", prepared.append)
    kind.begin_epoch(object.__new__(kind), 1, "model")  # which fairseq's trainer calls, and nobody else
    assert prepared == ["model"]


@pytest.mark.parametrize(("dtype", "expected"), [("float32", False), ("tfloat32", True), ("bfloat16", False)])
def test_tf32_is_switched_on_where_it_is_asked_for(monkeypatch, dtype, expected):
    switches = SimpleNamespace(allow_tf32=False)
    monkeypatch.setattr(torch.backends.cuda, "matmul", switches)
    model = torch.nn.Linear(2, 2, device="meta")  # stands for an accelerator
    model.cfg = SimpleNamespace(compute_dtype=dtype)
    prepare_training(model)
    assert switches.allow_tf32 is expected
