"""The paper's Table 3: objectives x transformations x tasks x seeds, any of it in parallel, over Snakemake."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER
from fairseq_alignmlm.run import processes, run_steps
from fairseq_alignmlm.run.derived import SOURCE
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.recipes import derived_pair, options
from fairseq_alignmlm.run.stages import RUNS, any_stale, report
from fairseq_alignmlm.run.steps import Records
from fairseq_alignmlm.storage import write_json

SUMMARIES = {"paper": "the whole grid of Table 3, resumable, on one machine or a cluster (needs the extra [workflow])"}
TRANSFORMATIONS = tuple(name for name in derived_pair.SUMMARIES if name.startswith("trans"))
SWEPT = ("dictionary_percent", "overlap")
OLD = {"objectives": "objective", "gpu": "gpus"}  # settings of --config, and the options that they are now


@dataclass
class Job:
    """A call of ``alignmlm run`` and what it needs."""

    command: Sequence[str]
    needs: Sequence[str]
    threads: int
    resources: dict[str, int]
    about: str


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add, positive, names = options.adder(parser), options.positive, ",".join(TRANSFORMATIONS)
    add("--transformations", "NAMES", f"comma-separated (default: {names})", default=names)
    add("--cores", "N", "of this machine, or `all` (default)", default="all")
    add("--threads", "N", "of one run (default: 1)", type=positive, default=1)
    add("--prepare-threads", "N", "of one pair (default: 2)", type=positive, default=2)
    add("--gpus", "N", "of one run, as a resource of Snakemake (default: 0)", type=int, default=0)
    add("--minutes", "N", "of one run, for a queue", type=positive)
    add("--mem-mb", "N", "memory of one run, for a queue", type=positive)
    add("--config", "NAME=VALUE", "the options of earlier versions", nargs="+", default=[])
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    derived_pair.add_arguments(parser, "trans")
    parser.set_defaults(seeds="1,2,3", tasks=",".join(TRANSFER))
    options.pass_on(parser, "Snakemake", "--executor slurm")


def run(args: argparse.Namespace) -> int:
    """Run what is not up to date, and report what is there; return the exit status."""
    snakemake_words, args.fairseq = list(args.fairseq), []
    if args.config:
        args = _with_config(args)
    if importlib.util.find_spec("snakemake") is None:
        raise InputError("the grid needs Snakemake: pip install 'fairseq-alignmlm[workflow]'")
    for setting in (*SWEPT, *options.setting_names()):
        if getattr(args, setting, None) is not None:
            what = f"the grid does not take --{setting.replace('_', '-')}"
            raise InputError(f"{what}; set it in a scale file of your own, or use recipes/ablations.sh")
    for name in args.transformations.split(","):
        if name not in TRANSFORMATIONS:
            raise InputError(f"--transformations: unknown {name!r}; choose of {', '.join(TRANSFORMATIONS)}")
    options.use_plugins(args.plugins)
    scale, _, _ = options.settings_of(args)
    folder = args.work.resolve() / scale / "grid"
    jobs, results = _plan(args)
    if args.dry_run and not jobs:
        print("Nothing to be done: every run is up to date.")
    with locked(folder) if jobs and not args.dry_run else _nothing():
        status = _run_jobs(jobs, folder, args, snakemake_words) if jobs else 0
        if args.dry_run:
            return status
        if not jobs:
            print("Nothing to be done: every run is up to date.", flush=True)
        there = [path for path in results if path.is_file()]
        if there:
            report([path.parent for path in there], folder.parent / "report")
        left, _ = _plan(args)
        if left:
            _list(left, jobs, folder, len(there), len(results))
    return 1 if left or status else 0


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def _with_config(args: argparse.Namespace) -> argparse.Namespace:
    """Return the arguments with those that earlier versions took as ``--config NAME=VALUE``."""
    words = []
    known = {*("scale", "work", "transformations", "objectives", "tasks", "seeds", "options", "syn_options")}
    known |= {"threads", "prepare_threads", "gpu", "minutes", "mem_mb"}
    for item in args.config:
        name, equals, value = item.partition("=")
        if not equals or name not in known:
            raise InputError(f"unknown setting {name!r}; choose of {', '.join(sorted(known))}")
        if name in ("options", "syn_options"):
            words += shlex.split(value)
        else:
            words.append(f"--{OLD.get(name, name).replace('_', '-')}={value}")
    from fairseq_alignmlm.command_line import Parser

    parser = Parser(prog="alignmlm run paper")
    add_arguments(parser, "paper")
    print("warning: --config NAME=VALUE is now --NAME VALUE; the old form will go", file=sys.stderr)
    return parser.parse_args(words, argparse.Namespace(**{**vars(args), "config": []}))


def _plan(args: argparse.Namespace) -> tuple[dict[str, Job], list[Path]]:
    """Return the jobs that are not up to date, and where all results are to be."""
    jobs: dict[str, Job] = {}
    results: list[Path] = []
    chosen = options.objectives_of(args)
    resources = {"gpu": args.gpus, "runtime": args.minutes or 0, "mem_mb": args.mem_mb or 0}
    resources = {name: value for name, value in resources.items() if value}
    for transformation in args.transformations.split(","):
        one = argparse.Namespace(**{**vars(args), "recipe": transformation, "work": args.work.resolve()})
        if transformation != "trans_syn":
            one.orders = one.parser = None
        scale, base, configuration = options.settings_of(one)
        whole = derived_pair.pair_of(one, scale, configuration)
        for data_seed, of_runs in derived_pair.seeds_by_data(one).items():
            pair = derived_pair.with_data_seed(whole, data_seed)
            one.data_seed = str(data_seed)
            records = Records(pair.root)
            folder = pair.folder(records)
            folder.refuse_if_of_others()
            waiting = []
            if any(any_stale(records, pair.stage(number)) for number in range(1, RUNS)):
                if pair.synthetic and "text.language" not in jobs:
                    jobs["text.language"] = Job(_recipe(one, 1), [], args.prepare_threads, {}, "the text")
                name = pair.root.name.removeprefix(f"{SOURCE}-")
                needs, about = ["text.language"] if pair.synthetic else [], f"preparing {name}"
                jobs[f"pair.{name}"] = Job(_recipe(one, RUNS - 1), needs, args.prepare_threads, {}, about)
                waiting = [f"pair.{name}"]
            tasks = tuple(pair.labelled_files())
            experiments = [
                Experiment(folder, pair.configuration, base, row, seed, tasks) for seed in of_runs for row in chosen
            ]
            wanted = {experiment.name for experiment in experiments}
            for experiment in experiments:
                results.append(experiment.folder / "result.json")
                needs = waiting
                for each in experiment.chain:
                    last = each is experiment
                    done = run_steps.is_done(each) if last or each.name in wanted else run_steps.is_trained(each)
                    if done and not waiting:
                        continue
                    about = f"{each.objective.name} under {transformation}, seed {each.seed}"
                    name, command = f"run.{pair.root.name}.{each.name}", _one(one, folder, each, tasks)
                    command += [] if last or each.name in wanted else ["--until=pretrain"]
                    jobs.setdefault(name, Job(command, needs, args.threads, resources, about))
                    needs = [name]
    return jobs, results


def _common(args: argparse.Namespace) -> list[str]:
    scale = str(Path(args.scale).resolve()) if Path(args.scale).suffix else args.scale
    plugins = [f"--plugins={Path(folder).resolve()}" for folder in args.plugins]
    return [f"--scale={scale}", *(f"--set={word}" for word in args.set), *plugins]


def _recipe(args: argparse.Namespace, last: int) -> list[str]:
    """Return the call that prepares a pair, up to a stage."""
    words = [*program("alignmlm"), "run", args.recipe, *_common(args), f"--work={args.work}", f"--tasks={args.tasks}"]
    names = ["corpus", "orders", "parser", *(f"{t}_{split}" for t in TRANSFER for split in ("train", "dev"))]
    for name in names:
        if getattr(args, name) is not None:
            words.append(f"--{name.replace('_', '-')}={getattr(args, name).resolve()}")
    words += [f"--superstrate={args.superstrate}", f"--data-seed={args.data_seed}", f"--jobs={args.prepare_threads}"]
    return [*words, f"--stop-stage={last}"]


def _one(args: argparse.Namespace, folder: PairFolder, experiment: Experiment, tasks: Sequence[Any]) -> list[str]:
    """Return the call of one run."""
    words = [*program("alignmlm"), "run", "one", str(folder.root), *_common(args), "--end-with-parent"]
    words += [f"--objective={experiment.objective.name}", f"--seeds={experiment.seed}"]
    return [*words, f"--tasks={','.join(task.name for task in tasks)}"]


def _run_jobs(jobs: dict[str, Job], folder: Path, args: argparse.Namespace, further: Sequence[str]) -> int:
    """Write the plan and have Snakemake carry it out; return its exit status."""
    place = folder if not args.dry_run else folder.with_name(".grid-dry-run")
    plan = place / "plan.json"
    try:
        shutil.rmtree(place / "flags", ignore_errors=True)  # what is planned is to be done, whatever was done before
        (place / "flags").mkdir(parents=True)
        write_json(plan, {name: {k: v for k, v in vars(job).items() if k != "about"} for name, job in jobs.items()})
        snakefile = files("fairseq_alignmlm.run").joinpath("Snakefile")
        command = [*program("snakemake"), f"--snakefile={snakefile}", f"--directory={place}", f"--cores={args.cores}"]
        command += [
            "--nolock",
            "--keep-going",
            "--rerun-incomplete",
            *(["--dry-run", "--quiet=rules"] if args.dry_run else []),
        ]
        command += [*further, "--config", f"plan={plan}"]
        try:
            processes.run(command, environment=_environment())
        except processes.StepFailed:
            return 1
        return 0
    finally:
        if args.dry_run:
            shutil.rmtree(place, ignore_errors=True)
            for parent in (place.parent, place.parent.parent):
                if parent.is_dir() and not any(parent.iterdir()):
                    parent.rmdir()


def _environment() -> dict[str, str]:
    return {"PYTHONUNBUFFERED": "1"} if "PYTHONUNBUFFERED" not in os.environ else {}


def _list(left: dict[str, Job], tried: dict[str, Job], folder: Path, there: int, wanted: int) -> None:
    """Say what was begun and is not finished, with the last line of its log."""
    begun = {name: job for name, job in left.items() if name in tried and (folder / f"{name}.log").is_file()}
    print(f"\n{there} of {wanted} runs are there. Not finished ({len(begun)}):", file=sys.stderr)
    for name, job in begun.items():
        log = folder / f"{name}.log"
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").split("\n") if line.strip()]
        print(f"  {job.about}: see {log}\n    {lines[-1][:400] if lines else ''}", file=sys.stderr)
    print("The same command goes on where it stopped.", file=sys.stderr)
