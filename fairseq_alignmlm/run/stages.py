"""What recipes share: stages 1 to 6, which prepare a pair, stage 7, the runs, and stage 8, the report."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import processes, run_steps
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.launch import environment_of_slot, visible_gpus
from fairseq_alignmlm.run.locks import FolderLock
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.steps import Records, Step

RUNS, REPORT = 7, 8


class DataOfPair(Protocol):
    """What a pair is made of, and how."""

    @property
    def root(self) -> Path:
        """Its folder."""

    def folder(self, records: Records) -> PairFolder:
        """Return the folder with what identifies its data."""

    def stage(self, number: int) -> list[Step]:
        """Return the steps of a stage from 1 to 6."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def say(text: str) -> None:
    """Tell people, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def do(records: Records, steps: Sequence[Step]) -> None:
    """Do the steps that are not up to date, in order."""
    for step in steps:
        if not records.stale(step):
            continue
        counts: Mapping[str, object] = {}
        if step.make is not None:
            counts = step.make()
        for command in step.commands if step.make is None else ():
            processes.run(command, what=step.about or step.name)
        records.write(step, counts)


def any_stale(records: Records, steps: Sequence[Step]) -> bool:
    """Tell whether a step has to be done; one whose input is missing waits for one that has."""
    try:
        return any(records.stale(step) for step in steps)
    except InputError:
        return True


def prepare(
    pair: PairFolder,
    records: Records,
    lock: FolderLock,
    stages: Mapping[int, str],
    steps_of: Callable[[int], Sequence[Step]],
    first: int,
    last: int,
) -> None:
    """Do the stages that prepare a pair, alone in its folder; afterwards others may read there too.

    Raises:
        InputError: the folder was made of other data or settings, or is in use; or a step failed.
    """
    chosen = [number for number in stages if first <= number <= min(last, RUNS - 1)]
    lock.take(shared=True)
    pair.refuse_if_of_others()
    if any(any_stale(records, steps_of(number)) for number in chosen):
        lock.take()
        pair.refuse_if_of_others()
        pair.write()
        for number in chosen:
            say(f"stage {number}: {stages[number]}")
            do(records, steps_of(number))
        records.hashes.save()
        lock.take(shared=True)
    elif chosen:
        say(f"stages {chosen[0]} to {chosen[-1]}: up to date")


def run_pair(
    pair: DataOfPair,
    stages: Mapping[int, str],
    first: int,
    last: int,
    experiments_of: Callable[[PairFolder], Sequence[Experiment]],
    together: int | None,
    cores: int,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Prepare a pair and train on it: stages 1 to 7 of a recipe.

    Args:
        pair: what it is made of.
        stages: their names.
        first: stage to begin with.
        last: stage to end with.
        experiments_of: returns the runs of the prepared pair.
        together: how many run at a time; by default one for each GPU, else for each core.
        cores: of this machine.
        before: makes what several pairs share, once it is clear that this one may be made.

    Raises:
        InputError: see `prepare` and `run_all`.
    """
    records = Records(pair.root)
    folder = pair.folder(records)
    folder.refuse_if_of_others()
    lock = FolderLock(pair.root)
    try:
        if first == 1:
            before()
        prepare(folder, records, lock, stages, pair.stage, first, last)
        if first <= RUNS <= last:
            experiments = experiments_of(folder)
            names = dict.fromkeys(experiment.objective.name for experiment in experiments)
            seeds = dict.fromkeys(str(experiment.seed) for experiment in experiments)
            say(f"stage {RUNS}: {' '.join(names)} x seeds {' '.join(seeds)}")
            run_all(experiments, together, cores)
    finally:
        lock.release()


def run_all(experiments: Sequence[Experiment], together: int | None, cores: int) -> None:
    """Run experiments, several at a time: one for each GPU, else for each core; one that fails stops no other.

    Raises:
        InputError: some failed; each has said why.
    """
    gpus = visible_gpus()
    size = max(1, min(together or len(gpus) or cores, len(experiments)))
    for experiment in experiments:
        experiment.check()
    slots: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(size):
        slots.put(slot)

    def one(experiment: Experiment, until: str = "result") -> str:
        slot = slots.get()
        try:
            experiment.environment = environment_of_slot(slot, gpus)
            run_steps.run(experiment, until)
        except (InputError, OSError) as error:
            print(f"error: {experiment.name}: {error}", file=sys.stderr, flush=True)
            return experiment.name
        finally:
            slots.put(slot)
        return ""

    pool = ThreadPoolExecutor(size)
    # What other runs start from comes first, so that these need not wait for each other.
    starts = {each.folder: each for experiment in experiments for each in experiment.chain[:-1]}
    try:
        for _ in pool.map(lambda start: one(start, "pretrain"), starts.values()):
            pass
        failed = [name for name in pool.map(one, experiments) if name]
    except BaseException:
        processes.end_children()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if failed:
        raise InputError(
            f"{len(failed)} of {len(experiments)} runs failed: {', '.join(failed)}; the same command goes on"
        )


def report(results: Sequence[Path], output: Path) -> None:
    """Make tables and figures of results."""
    processes.run([*program("alignmlm"), "report", "--output", str(output), "--results", *map(str, results)])
