"""One run of a prepared pair: what the grid and SLURM call."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import processes, run_steps
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.launch import of_slurm
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes import options

SUMMARIES = {"one": "one run of a pair that is prepared, on one or several GPUs, also of several machines under SLURM"}


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    parser.add_argument("pair", type=Path, metavar="PAIR", help="folder of the pair, such as work/toy/en-en_trans_inv")
    options.add_common(parser, "", "align_mlm")
    add = options.adder(parser)
    add("--tasks", "NAMES", "comma-separated (default: all that the pair has data of)")
    add("--dictionary-percent", "P", "size of the training dictionary, which has to be there", type=options.number)
    text = "GPUs of every machine that pre-training shares (default: what SLURM gave, else 1)"
    add("--gpus", "N", text, type=int)
    add("--nodes", "N", "machines (default: those of the SLURM job, else 1)", type=options.positive)
    add("--until", "STEP", "pretrain, or result (default)", choices=("pretrain", "result"), default="result")
    requeue = "when the job is told to end, have SLURM queue it again"
    parser.add_argument("--requeue", action="store_true", help=requeue)
    parser.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)
    options.pass_on(parser)


def run(args: argparse.Namespace) -> int:
    """Train, test and gather the result; return the exit status."""
    if args.end_with_parent:
        processes.end_with_parent()
    options.use_plugins(args.plugins)
    folder = PairFolder.read(args.pair)
    args.scale = args.scale or folder.scale
    name, base, configuration = options.settings_of(args)
    if name != folder.scale:
        raise InputError(f"--scale {args.scale}: {args.pair} is of scale {folder.scale}")
    if folder.natural and "sampling_alpha" not in configuration.pretrain.options:
        raise InputError(
            "natural languages need --set pretrain.options.sampling_alpha=0.7, or what the recipe was given"
        )
    tasks = [task for task in options.all_tasks() if (args.pair / "xtreme" / task.data).is_dir()]
    launch = of_slurm(args.gpus, args.nodes)
    try:
        with locked(args.pair, shared=True):
            for seed in options.seeds_of(args):
                for objective in options.objectives_of(args):
                    chosen = options.tasks_of(args.tasks) if args.tasks else tuple(tasks)
                    run_steps.run(Experiment(folder, configuration, base, objective, seed, chosen, launch), args.until)
    except processes.Stopped:
        if args.requeue:
            processes.end_children()
            _requeue()
        raise
    return 0


def _requeue() -> None:
    job = os.environ.get("SLURM_JOB_ID", "")
    if not job.isdecimal():
        raise InputError("--requeue: this is no job of SLURM")
    done = subprocess.run(["scontrol", "requeue", job], check=False)
    print(f"job {job} {'is queued again' if done.returncode == 0 else 'could not be queued again'}", file=sys.stderr)
