"""Binarization by the stock ``fairseq-preprocess``, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def binarize(files: Mapping[str, Path], symbols: Path, target: Path, workers: int = 1) -> None:
    """Write ``target/<split>.{bin,idx}`` for every split.

    Args:
        files: file of each of ``train``, ``valid`` and ``test`` that is there: symbols separated by spaces.
        symbols: fairseq's dictionary of them.
        target: the folder, which exists.
        workers: processes of ``fairseq-preprocess``.

    Raises:
        OSError: ``fairseq-preprocess`` failed; the message holds its last line.
    """
    options = ["--only-source", "--srcdict", str(symbols)]
    for split, path in files.items():
        options += [f"--{split}pref", str(path)]
    _preprocess(options, target, workers)
    for path in [*target.glob("dict*.txt"), target / "preprocess.log"]:
        path.unlink()


def _preprocess(options: list[str], target: Path, workers: int) -> None:
    command = [sys.executable, "-m", "fairseq_cli.preprocess", *options]
    command += ["--destdir", str(target), "--workers", str(workers), "--dataset-impl", "mmap"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # its processes are its parallelism
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise OSError(f"fairseq-preprocess failed with status {done.returncode}: {lines[-1].strip()}")
