"""How a training is started: on the CPU, on one GPU, on several of one machine, or on several machines under SLURM."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.programs import program

PORT = 29_400
_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


@dataclass(frozen=True)
class Launch:
    """Where one run trains.

    Attributes:
        gpus: of every machine; 0 trains on the CPU.
        nodes: machines, of which more than one need SLURM.
        processes: of every machine, one for each GPU; on the CPU, only tests have more than one.
    """

    gpus: int = 0
    nodes: int = 1
    processes: int = 1

    @property
    def workers(self) -> int:
        """How many processes share a batch."""
        return self.nodes * self.processes

    def share(self, batch: int) -> int:
        """Return each worker's part of a batch.

        Raises:
            InputError: it cannot be shared evenly.
        """
        if batch % self.workers:
            raise InputError(
                f"a batch of {batch} cannot be shared evenly among {self.workers} GPUs; choose another number"
            )
        return batch // self.workers

    def command(self) -> list[str]:
        """Return the words that start ``fairseq-train``."""
        train = program("fairseq-train")
        if self.workers == 1:
            return train
        torchrun = [*program("torchrun"), f"--nproc_per_node={self.processes}"]
        if self.nodes == 1:
            return [*torchrun, "--standalone", *train]
        job, host = os.environ.get("SLURM_JOB_ID", ""), _first_host()
        srun = [
            "srun",
            f"--nodes={self.nodes}",
            f"--ntasks={self.nodes}",
            "--ntasks-per-node=1",
            "--kill-on-bad-exit=1",
        ]
        rendezvous = ["--rdzv_backend=c10d", f"--rdzv_id={job}", f"--rdzv_endpoint={host}:{PORT + _number(job) % 1000}"]
        return [*srun, *torchrun, f"--nnodes={self.nodes}", *rendezvous, *train]

    def options(self) -> list[str]:
        """Return the options of ``fairseq-train`` for where it runs."""
        if not self.gpus:
            return ["--cpu", *(["--distributed-backend=gloo"] if self.workers > 1 else [])]
        return ["--distributed-world-size=1"] if self.workers == 1 else []


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _first_host() -> str:
    names = os.environ.get("SLURM_JOB_NODELIST", "")
    try:
        done = subprocess.run(["scontrol", "show", "hostnames", names], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"scontrol cannot name the machines of this job ({error}); several machines need SLURM"
        ) from None
    return done.stdout.split()[0]


def of_slurm(gpus: int | None, nodes: int | None) -> Launch:
    """Return where a run trains: as asked, else what a SLURM job was given, else one GPU or the CPU."""
    environment = os.environ
    if nodes is None:
        nodes = max(1, _number(environment.get("SLURM_JOB_NUM_NODES", "")))
    if gpus is None:
        there = visible_gpus()
        given = _number(environment.get("SLURM_GPUS_ON_NODE", ""))
        gpus = given if given and there else min(1, len(there))
    if nodes > 1 and not environment.get("SLURM_JOB_ID"):
        raise InputError(f"--nodes {nodes}: several machines need a SLURM job; see recipes/slurm.sh")
    if nodes > 1 and not gpus:
        raise InputError(f"--nodes {nodes}: no GPU is visible here")
    return Launch(gpus, nodes, max(1, gpus))


def visible_gpus() -> list[str]:
    """Return the names by which GPUs are made visible, those of ``CUDA_VISIBLE_DEVICES`` where it is set."""
    if not any(Path(device).exists() for device in _DEVICES):
        return []  # without asking torch, which takes seconds to start
    code = "import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    count = _number(done.stdout.strip())
    names = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return names[:count] if names else [str(number) for number in range(count)]


def environment_of_slot(slot: int, gpus: list[str]) -> Mapping[str, str]:
    """Return the variables of one of several runs at a time: its GPU, or one thread."""
    found = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": "1"}
    if gpus:
        found["CUDA_VISIBLE_DEVICES"] = gpus[slot % len(gpus)]
    return found
