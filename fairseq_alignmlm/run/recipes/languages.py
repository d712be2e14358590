"""Any number of natural languages: text of each, dictionaries with English, parallel text where there is some."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.exchange.tensors import read_json
from fairseq_alignmlm.run.languages import Languages, Pair
from fairseq_alignmlm.run.launch import Launch, visible_gpus
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.recipes.xtreme import imported
from fairseq_alignmlm.run.stages import do, say
from fairseq_alignmlm.run.steps import Records

SUMMARIES = {"languages": "two or more natural languages, from raw text or from a Hugging Face folder"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add = parser.add_argument
    what = "text of a language, file or folder; the first language is L1; codes may have a script (zh_Hans)"
    add("--text", action="append", default=[], metavar="LANGUAGE=PATH", help=f"{what}; may be repeated")
    what = "MUSE, XLing-Eval or Wiktionary file; may be repeated"
    add("--dictionary", action="append", default=[], metavar="L1-L2=FILE", help=what)
    what = "files of equally many lines, for XLM and sentence retrieval; one a pair"
    add("--parallel", action="append", default=[], metavar="L1-L2=FILE,FILE", help=what)
    what = "go on from an imported checkpoint or a Hugging Face folder, with its own tokenizer"
    add("--checkpoint", type=Path, metavar="PATH", help=what)
    add("--vocabulary", type=options.positive, default=40_000, metavar="N", help="joint pieces, without --checkpoint")
    add(
        "--held-out", type=options.number, default=0.2, metavar="F", help="share of dictionary words kept for measuring"
    )
    what = "languages are sampled in proportion to size ** A (default: 0.7)"
    add("--sampling-alpha", type=options.number, default=0.7, metavar="A", help=what)
    add("--objective", default="mlm", metavar="NAMES", help="comma-separated (default: mlm)")
    add("--seeds", default="1", metavar="N,N,...", help="one run of every objective per seed (default: 1)")
    add("--updates", type=options.positive, default=10_000, metavar="N", help="of pre-training (default: 10000)")
    add("--batch", type=options.positive, default=32, metavar="N", help="instances per update (default: 32)")
    add("--length", type=options.positive, default=256, metavar="N", help="tokens of an instance (default: 256)")
    add("--lr", type=options.number, default=5e-5, metavar="X", help="peak learning rate (default: 5e-5)")
    first = "L1, whose labels are learned; other languages are tested without training (XTREME's formats"
    for task in options.all_tasks():
        formats = first + (" or CoNLL-U)" * (task.name == "pos") or ")")
        for split in ("train", "dev"):
            add(f"--{task.name}-{split}", type=Path, metavar="FILE", help=f"{task.title} data of {formats}")
        what = f"{task.title} data of a language to be tested in; may be repeated"
        add(f"--{task.name}-test", action="append", default=[], metavar="LANGUAGE=FILE", help=what)
    what = "epochs of fine-tuning (default: 5 for NLI, 10 for tagging, as XTREME)"
    add("--finetune-epochs", type=options.positive, metavar="N", help=what)
    add("--finetune-lr", type=options.number, default=2e-5, metavar="X", help="of fine-tuning (default: 2e-5)")
    what = "where everything is written (default: work/languages)"
    add("--work", type=Path, default=Path("work/languages"), metavar="DIR", help=what)
    options.pass_on(parser, "fairseq-train", "--arch multilingual_roberta_tiny")


def run(args: argparse.Namespace) -> int:
    """Prepare, train and measure; return the exit status."""
    from fairseq_alignmlm.evaluation.architecture import architecture
    from fairseq_alignmlm.evaluation.checkpoint import read_state
    from fairseq_alignmlm.run.flags import flags

    found = _languages(args)
    chosen = options.objectives_of(args)
    for objective in chosen:
        if objective.starts_from and found.checkpoint is None:
            raise InputError(f"objective {objective.name} starts from a trained model: give --checkpoint")
    settings: dict[str, Any] = {
        "max_update": args.updates,
        "total_num_update": args.updates,
        "warmup_updates": max(1, args.updates // 20),
        "batch_size": args.batch,
        "tokens_per_sample": args.length,
        "optimizer": "adam",
        "adam_betas": "(0.9, 0.98)",
        "lr": args.lr,
        "lr_scheduler": "polynomial_decay",
    }
    more = list(args.fairseq)
    if found.checkpoint:
        shape = architecture(read_state(found.checkpoint), found.checkpoint)
        more = [*flags({"arch": "multilingual_roberta", **shape}), *more]
    launch = Launch(min(1, len(visible_gpus())))
    runs = [
        (row, seed, found.run_steps(row, seed, settings, launch, more))
        for row in chosen
        for seed in options.seeds_of(args)
    ]
    finetuning: dict[str, Any] = {"epochs": args.finetune_epochs} if args.finetune_epochs else {}
    finetuning |= {"lr": args.finetune_lr, "batch": 32, "device_batch": 32, "max_length": 128}
    with locked(found.root):
        say(f"data of {found.names}")
        do(Records(found.root), found.data_steps())
        for row, seed, steps in runs:
            folder = found.root / "runs" / f"{row.name}-{seed}"
            do(Records(folder), steps)
            for tuned in found.transfer_runs(folder, {"seed": seed, **finetuning}, launch):
                do(Records(tuned.folder), tuned.steps())
            print_scores(folder, found)
    say(f"runs: {found.root / 'runs'}")
    return 0


def print_scores(folder: Path, of: Languages) -> None:
    """Print what was measured of a run, a line for every pair of languages and every task."""
    print(folder.name)
    for pair in of.dictionaries:
        found = read_json(folder / f"alignment.{'-'.join(pair)}.json")["retrieval"]
        rank, words = found["cosine_at_1"], found["words"]
        print(f"  {'-'.join(pair)}: {rank:.1f} % of {words:,} held-out words find a translation first")
    for task in of.labelled:
        found = read_json(folder / task.name / "score.json")
        scores = (f"{name} {each['scores'][found['metric']]:.1f}" for name, each in found["languages"].items())
        print(f"  {task.name}, {found['metric']}: {', '.join(scores)}")


def _languages(args: argparse.Namespace) -> Languages:
    texts: dict[str, list[Path]] = {}
    for value in args.text:
        name, path = _split(value, "--text", "LANGUAGE=PATH")
        if not NAME.fullmatch(name):
            raise InputError(f"--text {value}: write the language with letters, digits and _, such as zh_Hans")
        texts.setdefault(name, []).append(Path(path))
    if len(texts) < 2:
        raise InputError("give text of two or more languages: --text LANGUAGE=PATH")
    dictionaries: dict[Pair, list[Path]] = {}
    for value in args.dictionary:
        pair, path = _pair(value, "--dictionary", "L1-L2=FILE", texts)
        dictionaries.setdefault(pair, []).append(Path(path))
    parallel: dict[Pair, tuple[Path, Path]] = {}
    for value in args.parallel:
        pair, paths = _pair(value, "--parallel", "L1-L2=FILE,FILE", texts)
        first, _, second = paths.partition(",")
        if not first or not second or pair in parallel:
            raise InputError(f"--parallel {value}: give two files, L1-L2=FILE,FILE, once for every pair")
        parallel[pair] = (Path(first), Path(second))
    if not 0 < args.held_out < 1:
        raise InputError(f"--held-out {args.held_out}: give a share between 0 and 1, such as 0.2")
    labelled: dict[Transfer, tuple[Path, Path, dict[str, Path]]] = {}
    for task in options.all_tasks():
        train, dev, tests = (getattr(args, f"{task.name}_{split}") for split in ("train", "dev", "test"))
        if train or dev or tests:
            if not (train and dev and tests):
                names = [f"--{task.name}-{split}" for split in ("train", "dev", "test")]
                raise InputError(f"{', '.join(names)} belong together: two files of {next(iter(texts))}, and tests")
            labelled[task] = (train, dev, _tests(tests, f"--{task.name}-test", texts))
            options.need_files(train, dev, *labelled[task][2].values())
    files = [path for table in (texts, dictionaries, parallel) for paths in table.values() for path in paths]
    options.need_files(*files)
    checkpoint = args.checkpoint
    if checkpoint and checkpoint.is_dir():
        checkpoint = imported(checkpoint, args.work / "imported")
    if checkpoint and not checkpoint.is_file():
        raise InputError.at(checkpoint, None, "no such file", "give an imported checkpoint or a Hugging Face folder")
    cores = options.cores_of(argparse.Namespace(jobs=None))
    settings = checkpoint, args.vocabulary, args.held_out, args.sampling_alpha, cores
    return Languages(args.work, texts, dictionaries, parallel, labelled, *settings)


def _tests(values: Sequence[str], option: str, texts: dict[str, list[Path]]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for value in values:
        name, path = _split(value, option, "LANGUAGE=FILE")
        if name not in texts or name in found:
            raise InputError(f"{option} {value}: give every language of {', '.join(texts)} once at most")
        found[name] = Path(path)
    return found


def _split(value: str, option: str, form: str) -> tuple[str, str]:
    name, _, path = value.partition("=")
    if not name or not path:
        raise InputError(f"{option} {value}: give {form}")
    return name, path


def _pair(value: str, option: str, form: str, texts: dict[str, list[Path]]) -> tuple[Pair, str]:
    names, path = _split(value, option, form)
    first, _, second = names.partition("-")
    if first not in texts or second not in texts or first == second:
        raise InputError(f"{option} {value}: {names} is no pair of the languages {', '.join(texts)}")
    return (first, second), path
