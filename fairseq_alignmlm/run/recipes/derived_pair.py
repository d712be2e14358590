"""English against a language derived from it: the recipes of the paper's transformations."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer, transfer_task
from fairseq_alignmlm.run import processes
from fairseq_alignmlm.run.configuration import Configuration
from fairseq_alignmlm.run.derived import STAGES, DerivedPair
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.objectives import Objective
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.stages import REPORT, do, report, run_pair, say
from fairseq_alignmlm.run.steps import Records

SUMMARIES = {
    "trans": "English against its transliterated copy: the same word order, no symbol shared",
    "trans_inv": "English against its transliterated copy with the words of every sentence reversed",
    "trans_syn": "English against its transliterated copy in the word order of another language",
    "quickstart": "MLM against ALIGN-MLM on the synthetic language under trans_inv: four minutes on two cores",
}
TRANSFORMS = {"trans": (), "trans_inv": ("inv",), "trans_syn": ("syn",), "quickstart": ("inv",)}
FOLLOWING = "run"  # --data-seed run


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    options.add_common(parser, "toy", "mlm,align_mlm" if name == "quickstart" else options.ALL)
    add, number = options.adder(parser), options.number
    add("--corpus", "PATH", "English text: wikiextractor files, plain text, or a sentence a line", type=Path)
    kinds = {"pos": "POS data, XTREME TSV or CoNLL-U", "ner": "NER data, XTREME TSV"}
    for task in options.all_tasks():
        for split in ("train", "dev"):
            text = kinds.get(task.name, "NLI data, sentence1 TAB sentence2 TAB label")
            add(f"--{task.name}-{split}", "FILE", text, type=Path)
    names = ", ".join(task.name for task in options.all_tasks())
    add("--tasks", "NAMES", f"{names}, comma-separated (default: all with data; of the synthetic language pos)")
    add("--dictionary-percent", "P", "size of the training dictionary (default: 25; Tables 4, 5)", type=number)
    add("--overlap", "F", "share of the vocabulary that keeps its script (default: 0; Table 7)", type=number)
    text = "seed of derivation, overlap and dictionary (default: 1); `run`: each run's own, as in the published code"
    add("--data-seed", "N", text, default="1")
    add("--orders", "DIR", "trans_syn: ordering models (.orm), e.g. of alignmlm-data download", type=Path)
    add("--superstrate", "CODE", "trans_syn: whose word order to take (default: fr)", default="fr")
    add("--parser", "DIR", "trans_syn: stanza models (default: stanza's own, downloaded)", type=Path)
    options.add_stages(parser, STAGES)


def run(args: argparse.Namespace) -> int:
    """Prepare, train, test and report; return the exit status."""
    options.use_plugins(args.plugins)
    scale, base, configuration = options.settings_of(args)
    chosen = options.objectives_of(args)
    options.check_stages(args)
    pair = pair_of(args, scale, configuration)
    for data_seed, of_runs in seeds_by_data(args).items():
        _one_pair(args, base, with_data_seed(pair, data_seed), chosen, of_runs)
    roots = roots_of(args, pair)
    if args.stop_stage >= REPORT:
        say(f"stage {REPORT}: {STAGES[REPORT]}")
        place = roots[0] if len(roots) == 1 else roots[0].with_name(f"{roots[0].name.partition('.data')[0]}.data-run")
        report([root / "runs" for root in roots], place / "report")
    return 0


def seeds_by_data(args: argparse.Namespace) -> dict[int, list[int]]:
    """Return the seeds of the runs by the seed of the data.

    Raises:
        InputError: one is no whole number.
    """
    seeds = options.seeds_of(args)
    if args.data_seed == FOLLOWING:
        return {seed: [seed] for seed in seeds}
    if args.data_seed.isascii() and args.data_seed.isdecimal() and len(args.data_seed) < 10:
        return {int(args.data_seed): seeds}
    raise InputError(f"--data-seed {args.data_seed}: give a whole number, or run")


def roots_of(args: argparse.Namespace, pair: DerivedPair) -> list[Path]:
    """Return the folders of the pairs that the arguments ask for, one a seed of the data."""
    return [with_data_seed(pair, seed).root for seed in seeds_by_data(args)]


def pair_of(args: argparse.Namespace, scale: str, configuration: Configuration) -> DerivedPair:
    """Return the pair that is asked for.

    Raises:
        InputError: the arguments contradict each other.
    """
    given = {
        task: (getattr(args, f"{task.name}_train"), getattr(args, f"{task.name}_dev")) for task in options.all_tasks()
    }
    data = [path for paths in given.values() for path in paths if path]
    tasks: tuple[Transfer, ...] = options.tasks_of(args.tasks) if args.tasks else ()
    if configuration.data.synthetic:
        if data or args.corpus or args.orders or args.parser:
            what = f"--scale {args.scale} is the synthetic language"
            raise InputError(f"{what}; for your own text and data give --scale small or another")
        tasks = tasks or (transfer_task("pos"),)
    else:
        if args.corpus is None:
            raise InputError(f"--scale {args.scale} needs --corpus; see --help")
        if not any(train for train, _ in given.values()):
            raise InputError(f"--scale {args.scale} needs labelled data, for example --pos-train and --pos-dev")
        for task in tasks:
            if given[task][0] is None:
                raise InputError(
                    f"--tasks {args.tasks}: for {task.name} give --{task.name}-train and --{task.name}-dev"
                )
        if TRANSFORMS[args.recipe] == ("syn",) and args.orders is None:
            raise InputError("the syntax transformation needs --orders, a folder of ordering models")
    labelled = {}
    for task, (train, dev) in given.items():
        if train and dev:
            labelled[task] = (train, dev)
        elif train or dev:
            there, missing = ("train", "dev") if train else ("dev", "train")
            raise InputError(f"--{task.name}-{there} without --{task.name}-{missing}")
    labelled = {task: paths for task, paths in labelled.items() if not tasks or task in tasks}
    options.need_files(args.corpus, args.orders, args.parser, *data)
    return DerivedPair(
        args.work,
        scale,
        configuration,
        TRANSFORMS[args.recipe],
        args.corpus,
        labelled,
        tasks,
        args.orders,
        args.superstrate,
        args.parser,
        options.cores_of(args),
    )


def with_data_seed(pair: DerivedPair, seed: int) -> DerivedPair:
    """Return the pair with another seed of the data."""
    data = dataclasses.replace(pair.configuration.data, seed=seed)
    return dataclasses.replace(pair, configuration=dataclasses.replace(pair.configuration, data=data))


def _one_pair(
    args: argparse.Namespace, base: Configuration, pair: DerivedPair, chosen: list[Objective], seeds: list[int]
) -> None:
    def before() -> None:
        if pair.synthetic:
            with locked(pair.shared, wait=True):
                do(Records(pair.shared), pair.language_steps())
        for command in pair.checks():
            processes.run(command, what="checking what was given")

    def experiments(folder: PairFolder) -> list[Experiment]:
        tasks = tuple(pair.labelled_files())
        return [Experiment(folder, pair.configuration, base, row, seed, tasks) for seed in seeds for row in chosen]

    cores = options.cores_of(args)
    run_pair(pair, STAGES, args.stage, args.stop_stage, experiments, args.jobs, cores, before)
