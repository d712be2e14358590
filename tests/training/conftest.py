"""A tiny binarized language pair and a way to train on it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

WORDS = 40


def _write_binarized(prefix: Path, sentences: list[list[int]], vocabulary_size: int) -> None:
    from fairseq.data import indexed_dataset

    prefix.parent.mkdir(parents=True, exist_ok=True)
    builder = indexed_dataset.make_builder(f"{prefix}.bin", impl="mmap", vocab_size=vocabulary_size)
    for sentence in sentences:
        builder.add_item(torch.tensor([*sentence, 2]))
    builder.finalize(f"{prefix}.idx")


@pytest.fixture
def write_binarized() -> Callable[[Path, list[list[int]], int], None]:
    """Write sentences as `fairseq-preprocess` does: (prefix, sentences without </s>, size of the vocabulary)."""
    return _write_binarized


@pytest.fixture(scope="session")
def tiny_pair(tmp_path_factory) -> Path:
    """Two languages of 40 words; the second is the first, reversed and transliterated; a dictionary of a quarter."""
    folder = tmp_path_factory.mktemp("pair")
    rng = np.random.default_rng(0)
    binarized = folder / "bin"
    binarized.mkdir()
    words = [f"w{i}" for i in range(WORDS)]
    symbols = words + [f"xx:{word}" for word in words]
    (binarized / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols))
    for split, count in (("train", 120), ("valid", 24)):
        english = [(4 + rng.zipf(1.5, size=rng.integers(3, 12)) % WORDS).tolist() for _ in range(count)]
        derived = [[token + WORDS for token in reversed(sentence)] for sentence in english]
        _write_binarized(binarized / "en" / split, english, 100)
        _write_binarized(binarized / "xx" / split, derived, 100)
    (folder / "counterparts.tsv").write_text("".join(f"{word}\txx:{word}\n" for word in words))
    (folder / "dictionary.25.tsv").write_text("# seed 1\n" + "".join(f"{word}\txx:{word}\n" for word in words[::4]))
    return folder


MODEL = shlex.split(
    "--arch multilingual_roberta_tiny --encoder-layers 1 --encoder-embed-dim 16 --encoder-ffn-embed-dim 32 "
    "--max-positions 64"
)
ADAM = shlex.split(
    "--optimizer adam --adam-betas '(0.9,0.98)' --lr 1e-3 --lr-scheduler polynomial_decay --warmup-updates 5 "
    "--total-num-update 100"
)
RUN = shlex.split("--clip-norm 0.0 --cpu --num-workers 0 --log-format json --log-interval 1 --seed 7")


class Training:
    """Run fairseq-train in a folder of its own and read its log."""

    def __init__(self, pair: Path, folder: Path) -> None:
        self.pair, self.folder = pair, folder

    def command(self, *options: str, data: Path | None = None) -> list[str]:
        optimiser = [] if "--optimizer" in options else ADAM
        task = [] if "--task" in options else ["--task", "multilingual_mlm", "--tokens-per-sample", "16"]
        return [
            *("-m", "fairseq_cli.train", str(data or self.pair / "bin"), "--user-dir", "fairseq_alignmlm"),
            *(*task, *MODEL, *optimiser, *RUN, *options),
        ]

    def run(
        self, *options: str, data: Path | None = None, launcher: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, *launcher, *self.command(*options, data=data)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    def logs(self, *options: str, launcher: tuple[str, ...] = (), data: Path | None = None) -> list[dict]:
        """Train; return the entries of ``train_inner``, one per update, and those of validation."""
        done = self.run(*options, launcher=launcher, data=data)
        assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
        entries = [json.loads(found) for found in re.findall(r"\{\"epoch\".*\}", done.stdout + done.stderr)]
        assert entries, done.stdout[-3000:] + done.stderr[-3000:]
        return entries


@pytest.fixture(scope="session")
def eight_instances(tiny_pair, tmp_path_factory) -> Path:
    """Data whose training set is eight blocks of 16 tokens, so that an update of eight is the whole epoch."""
    folder = tmp_path_factory.mktemp("eight") / "bin"
    folder.mkdir()
    (folder / "dict.txt").write_text((tiny_pair / "bin" / "dict.txt").read_text())
    rng = np.random.default_rng(1)
    for language, first in (("en", 4), ("xx", 4 + WORDS)):
        sentences = [(first + rng.integers(0, WORDS, 14)).tolist() for _ in range(4)]
        for split in ("train", "valid"):
            _write_binarized(folder / language / split, sentences, 100)
    return folder


@pytest.fixture
def training(tiny_pair, tmp_path) -> Training:
    return Training(tiny_pair, tmp_path)
