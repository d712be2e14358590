"""Two natural languages, such as English and French, instead of a language and one derived from it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.natural import SEPARATE, SHARED, STAGES, NaturalPair
from fairseq_alignmlm.run.objectives import Objective
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.stages import REPORT, report, run_pair, say

SUMMARIES = {"natural": "two natural languages: alignment is measured on dictionary words that training never saw"}


def two_files(text: str) -> tuple[Path, Path]:
    """Parse ``FILE,FILE``."""
    first, comma, second = text.partition(",")
    if not first or not comma or not second:
        raise argparse.ArgumentTypeError(f"{text}: give two files, FILE,FILE")
    return Path(first), Path(second)


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add, many = options.adder(parser), {"action": "append", "default": []}
    add("--languages", "L1,L2", "their codes (default: en,fr)", default="en,fr")
    for side in ("l1", "l2"):
        text = f"text of {side.upper()}: wikiextractor files, plain text, or a sentence a line; may be repeated"
        add(f"--{side}-corpus", "PATH", text, type=Path, **many)
    add("--dictionary", "FILE", "MUSE, XLing-Eval or Wiktionary file, L1 to L2; may be repeated", type=Path, **many)
    add("--held-out", "F", "share of the dictionary's L1 words kept for measuring (default: 0.2)", default="0.2")
    add("--dictionary-seed", "N", "which words those are (default: 1)", type=int, default=1)
    add("--parallel", "L1FILE,L2FILE", "files of equally many lines, for XLM; may be repeated", type=two_files, **many)
    text = "pieces of the joint vocabulary (default: twice the scale's, as many as a derived pair has)"
    add("--vocabulary", "N", text, type=options.positive)
    text = (
        "shared: equal pieces are one symbol, as in mBERT and XLM-R, and anchor the two languages (default); "
        "separate: no symbol is shared, as in the derived pairs of the paper"
    )
    add("--symbols", "NAME", text, choices=(SHARED, SEPARATE), default=SHARED)
    text = "languages are sampled in proportion to size ** A (default: 0.7)"
    add("--sampling-alpha", "A", text, type=options.number, default=0.7)
    for task in options.all_tasks():
        for split in ("train", "dev"):
            text = f"{task.title} data of L1 and of L2, in XTREME's format" + (" or CoNLL-U" * (task.name == "pos"))
            add(f"--{task.name}-{split}", "FILE,FILE", text, type=two_files)
    options.add_common(parser, "small")
    options.add_stages(parser, STAGES)


def run(args: argparse.Namespace) -> int:
    """Prepare, train, test and report; return the exit status."""
    options.use_plugins(args.plugins)
    _, base, configuration = options.settings_of(args)
    if configuration.data.synthetic:
        what = f"--scale {args.scale} is the synthetic language"
        raise InputError(f"{what}; choose small, paper or give your own file.yaml")
    seeds = options.seeds_of(args)
    options.check_stages(args)
    pair = _pair(args, configuration.data.vocabulary)
    chosen = _objectives(args, pair)
    for each in (configuration, base):
        each.pretrain.options["sampling_alpha"] = args.sampling_alpha

    def experiments(folder: PairFolder) -> list[Experiment]:
        tasks = tuple(pair.labelled)
        return [Experiment(folder, configuration, base, row, seed, tasks) for seed in seeds for row in chosen]

    run_pair(pair, STAGES, args.stage, args.stop_stage, experiments, args.jobs, options.cores_of(args))
    if args.stop_stage >= REPORT:
        say(f"stage {REPORT}: {STAGES[REPORT]}")
        report([pair.root / "runs"], pair.root / "report")
    return 0


def _pair(args: argparse.Namespace, vocabulary: int) -> NaturalPair:
    if not re.fullmatch(r"[A-Za-z]+,[A-Za-z]+", args.languages):
        raise InputError(f"--languages {args.languages}: give two codes, such as en,fr")
    first, second = args.languages.split(",")
    if first == second:
        raise InputError(f"--languages {args.languages}: give two different languages")
    if not args.l1_corpus or not args.l2_corpus:
        raise InputError("give text of both languages, --l1-corpus and --l2-corpus; see --help")
    if not args.dictionary:
        raise InputError(f"give a dictionary of {first} and {second}, --dictionary; see --help")
    try:
        held_out = float(args.held_out)
    except ValueError:
        held_out = 0.0
    if not 0 < held_out < 1:
        raise InputError(f"--held-out {args.held_out}: give a share between 0 and 1, such as 0.2")
    labelled: dict[Transfer, tuple[tuple[Path, Path], tuple[Path, Path]]] = {}
    for task in options.all_tasks():
        train, dev = getattr(args, f"{task.name}_train"), getattr(args, f"{task.name}_dev")
        if bool(train) != bool(dev):
            what = f"--{task.name}-train and --{task.name}-dev belong together"
            raise InputError(f"{what}; give two files to each, one of {first} and one of {second}: FILE,FILE")
        if train:
            labelled[task] = (train, dev)
    files = [path for pair in args.parallel for path in pair]
    files += [path for task in labelled.values() for pair in task for path in pair]
    options.need_files(*args.l1_corpus, *args.l2_corpus, *args.dictionary, *files)
    return NaturalPair(
        args.work,
        options.settings_of(args)[0],
        (first, second),
        (args.l1_corpus, args.l2_corpus),
        args.dictionary,
        held_out,
        args.dictionary_seed,
        args.parallel,
        args.vocabulary or 2 * vocabulary,
        args.symbols,
        labelled,
        options.cores_of(args),
    )


def _objectives(args: argparse.Namespace, pair: NaturalPair) -> list[Objective]:
    """Return the objectives that were chosen; those that need parallel text only where there is some."""
    chosen = options.objectives_of(args)
    lacking = [] if pair.parallel else [row for row in chosen if "parallel" in row.reads]
    if lacking and args.objective != options.ALL:
        first, second = (language.upper() for language in pair.languages)
        what = f"objective {lacking[0].name} needs parallel text of {' and '.join(pair.languages)}"
        raise InputError(f"{what}: give --parallel {first}FILE,{second}FILE")
    for row in lacking:
        say(f"{row.name} is left out: it needs parallel text of {' and '.join(pair.languages)}, --parallel")
    return [row for row in chosen if row not in lacking]
