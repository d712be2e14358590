"""Realignment of the runs of a prepared pair, before, during or after fine-tuning."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import processes, realignment, run_steps
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.locks import FolderLock, locked
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.stages import do, say
from fairseq_alignmlm.run.steps import Records
from fairseq_alignmlm.storage import atomic_path

SUMMARIES = {
    "realign": "realign the runs of a pair with linked words, before, during or after fine-tuning on L1, and compare"
}
PROFILES: dict[str, tuple[str, ...]] = {
    "parity": (),
    "better": ("realign.ending=all",),
}


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    parser.add_argument("pair", type=Path, metavar="PAIR", help="folder of the pair, such as work/toy/en-en_trans_inv")
    options.add_common(parser, "", "mlm,align_mlm")
    add = options.adder(parser)
    ways = ",".join(realignment.WAYS)
    add("--ways", "NAMES", f"of {ways}, comma-separated, or all (default: before,during,after)")
    text = "gold (of a derived language), dictionary (the pair's), or a folder of alignmlm-data links (default: gold)"
    add("--links", "KIND", text, default="gold")
    add(
        "--wrong", "F", "share of the links to exchange among each other (default: 0)", type=options.number, default=0.0
    )
    add("--tasks", "NAMES", "comma-separated (default: all that the pair has data of)")
    add("--dictionary-percent", "P", "size of the dictionary, which has to be there", type=options.number)
    text = "also measure weak and strong alignment, before and after fine-tuning, and correlate it with transfer"
    parser.add_argument("--alignment", action="store_true", help=text)
    text = "parity: as the published code; better: no language pair is cut short (default: parity)"
    add("--profile", "NAME", text, choices=sorted(PROFILES), default="parity")
    text = "show the results of another pair, too; may be repeated"
    add("--also", "PAIR", text, type=Path, action="append", default=[])
    add("--output", "DIR", "where the tables are written (default: PAIR/realignment)", type=Path)
    options.pass_on(parser)


def run(args: argparse.Namespace) -> int:
    """Link, realign, fine-tune, test and compare; return the exit status."""
    from fairseq_alignmlm.analysis.alignment_and_transfer import correlations, read_points
    from fairseq_alignmlm.analysis.realignment import everything, harm, read_changes

    options.use_plugins(args.plugins)
    folder = PairFolder.read(args.pair)
    args.scale = args.scale or folder.scale
    args.set = [*PROFILES[args.profile], *args.set]
    name, base, configuration = options.settings_of(args)
    if name != folder.scale:
        raise InputError(f"--scale {args.scale}: {args.pair} is of scale {folder.scale}")
    ways = _ways(args.ways)
    options.need_files(*args.also)
    percent, workers = configuration.data.dictionary_percent, options.cores_of(args)
    links = realignment.Links.of(folder, args.links, percent, args.wrong, workers)
    there = [task for task in options.all_tasks() if (args.pair / "xtreme" / task.data).is_dir()]
    tasks = options.tasks_of(args.tasks) if args.tasks else tuple(there)
    experiments = [
        Experiment(folder, configuration, base, objective, seed, tasks)
        for seed in options.seeds_of(args)
        for objective in options.objectives_of(args)
    ]
    records = Records(args.pair)
    if links.step is not None and records.stale(links.step):
        lock = FolderLock(args.pair)
        try:
            lock.take()
            say(f"links: {links.name}")
            do(records, [links.step])
        finally:
            lock.release()
    with locked(args.pair, shared=True):
        _run_all(experiments, ways, links, max(1, args.jobs or 1), args.alignment)
    folders = [*(experiment.folder for experiment in experiments), *args.also]
    found = {"harm": harm(read_changes(folders)), "all": everything(read_changes(folders))}
    if points := read_points(folders):
        found["correlation"] = correlations(points)
    output = args.output or args.pair / "realignment"
    for file, table in found.items():
        print(f"\n{table.text()}")
        for suffix, text in (("md", table.markdown()), ("csv", table.csv())):
            with atomic_path(output / f"{file}.{suffix}") as path:
                path.write_text(text + "\n", encoding="utf-8")
    say(f"tables: {output}")
    return 0


def _run_all(
    experiments: list[Experiment], ways: list[str], links: realignment.Links, together: int, measured: bool
) -> None:
    def one(experiment: Experiment) -> None:
        run_steps.run(experiment)
        realignment.run(experiment, ways, links, measured)

    pool = ThreadPoolExecutor(together)
    try:
        list(pool.map(one, experiments))
    except BaseException:
        processes.end_children()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ways(names: str | None) -> list[str]:
    if names == options.ALL:
        return list(realignment.WAYS)
    found = list(dict.fromkeys((names or "before,during,after").split(",")))
    for name in found:
        if name not in realignment.WAYS:
            raise InputError(f"--ways {name}: choose of {', '.join(realignment.WAYS)}, or all")
    return found
