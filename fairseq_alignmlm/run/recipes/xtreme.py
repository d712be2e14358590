"""XTREME's own protocol: a pre-trained checkpoint is fine-tuned on English and tested in all languages."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from fairseq_alignmlm.analysis.table import Table
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.tokenizer import PIECES, pieces_beside
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.run.data_steps import version
from fairseq_alignmlm.run.launch import Launch, visible_gpus
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.pair_folder import FILE, OTHER
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.provenance import made_by
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.stages import do, say
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.run.transfer import TransferData, TransferRun
from fairseq_alignmlm.run.xtreme import ENGLISH, XtremeRun
from fairseq_alignmlm.storage import atomic_path, parse_json

SUMMARIES = {"xtreme": "XTREME's protocol: fine-tune a checkpoint such as XLM-R on English, test in all languages"}
TASKS = ("udpos", "panx", "xnli", "pawsx")


class Usual(NamedTuple):
    """What XTREME's script of a task has; the batch is 32 everywhere, the maximum length 128."""

    seed: int
    epochs: int
    select_every: int
    lr: float
    lr_of_large: float


USUAL = {
    "udpos": Usual(1, 10, 500, 2e-5, 2e-5),
    "panx": Usual(1, 10, 1000, 2e-5, 2e-5),
    "xnli": Usual(42, 5, 100, 2e-5, 3e-5),
    "pawsx": Usual(42, 5, 200, 2e-5, 2e-5),
}
LARGE = 1024  # wide, or more: XLM-R large, XLM-100


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add, positive = options.adder(parser), options.positive
    add("--checkpoint", "FILE|DIR", "of RoBERTa, XLM-R or this package, or a Hugging Face folder", type=Path)
    add("--vocab", "FILE", "the model's dict.txt (default: the one beside the checkpoint)", type=Path)
    text = "model that cuts words into pieces (default: sentencepiece.bpe.model, spm.model or tokenizer.json there)"
    add("--sentencepiece", "FILE", text, type=Path)
    add("--task", "NAME", ", ".join(TASKS))
    add("--data", "DIR", "folder of labelled data: train-en.tsv, dev-en.tsv, SPLIT-LANGUAGE.tsv", type=Path)
    add("--train", "FILE", "English training data, if they are elsewhere", type=Path)
    add("--dev", "FILE", "English development data, if they are elsewhere", type=Path)
    text = "test, or dev where the public test files have no labels (default: test)"
    add("--test-split", "NAME", text, default="test", choices=("test", "dev"))
    text = "labels of test files that have none, as `alignmlm-data arrange` leaves them: DIR/TASK/test-LANGUAGE.tsv"
    add("--labels", "DIR", text + " (without: these are predicted, and not scored)", type=Path)
    add("--languages", "NAMES", "comma-separated (default: all that have a file of the test split)")
    text = "one run each, with mean and deviation (default: 42 for xnli and pawsx, 1 for tagging, as XTREME)"
    add("--seeds", "N,N,...", text)
    add("--seed", "N", "one seed, the same as --seeds N", dest="seeds")
    add("--epochs", "N", "(default: 5 for xnli and pawsx, 10 for tagging)", type=positive)
    text = "learning rate (default: 2e-5; for xnli with models 1024 wide or more, such as XLM-R large, 3e-5)"
    add("--lr", "X", text, type=options.number)
    text = (
        "updates after which the English dev set decides whether the checkpoint is the best so far, besides after each"
    )
    text += " epoch; 0: after epochs only (default: 500 for udpos, 1000 panx, 100 xnli, 200 pawsx, as XTREME)"
    add("--select-every", "N", text, type=options.whole)
    add("--batch", "N", "instances per update (default: 32)", type=positive, default=32)
    text = "instances at a time on the device; what is missing to --batch is accumulated (default: 32)"
    add("--device-batch", "N", text, type=positive, default=32)
    text = "pieces, special symbols included (default: 128); longer tagging sentences are split and joined again"
    add("--max-length", "N", text, type=positive, default=128)
    add("--work", "DIR", "where all is written (default: work/xtreme)", type=Path, default=Path("work/xtreme"))
    options.pass_on(parser, "fairseq-train")


def run(args: argparse.Namespace) -> int:
    """Prepare, fine-tune, predict, check and score; return the exit status."""
    if args.checkpoint and args.checkpoint.is_dir():
        args.checkpoint = imported(args.checkpoint, args.work / "imported")
    runs = _runs_of(args)
    for found in runs:
        _one(found)
    if len(runs) > 1 and runs[0].run.data.scored:
        table = summary_of([found.run for found in runs])
        print(table.text())
        output = args.work / f"{args.task}.csv"
        with atomic_path(output) as temporary:
            temporary.write_text(table.csv(), encoding="utf-8")
        print(f"mean and deviation: {output}")
    return 0


def _one(found: XtremeRun) -> None:
    """Do a run: one seed."""
    task, data, own = found.run, found.run.data, found.run.folder
    records = Records(own)
    with locked(data.root), locked(own):
        if (own / "settings.txt").exists():
            raise InputError.at(own, None, "was made by the recipe of an earlier version", OTHER)
        identities = {data.root: found.vocabulary_identity(records), own: found.identity(records)}
        for folder, identity in identities.items():
            if (folder / FILE).is_file():
                there = {name: value for name, value in read_settings_file(folder / FILE).items() if name != "made_by"}
                if there != identity:
                    raise InputError.at(folder, None, "was made with other settings or data", OTHER)
        for folder, identity in identities.items():
            if not (folder / FILE).is_file():
                write_settings_file(folder / FILE, identity | {"made_by": made_by()})
        say(f"data of {data.task}: {' '.join(data.tests)}")
        do(Records(data.root, [records.hashes]), found.data_steps())
        do(records, task.steps())
    scores = records.counts("finetune").get("development")
    for updates, score in scores.items() if isinstance(scores, dict) else ():
        print(f"update {updates}: {data.metric} {score} on the English dev set")
    if data.scored:
        print(f"scores: {own / 'score.json'}")
    else:
        print(f"not scored: test data of {', '.join(data.unlabelled)} have no labels; see --labels")
        print(f"predictions: {own / 'predictions'}; `alignmlm submission` packs them")


def summary_of(runs: Sequence[TransferRun]) -> Table:
    """Return the score of every language, and of all together, over the seeds of a task: mean and sample deviation."""
    scores = [parse_json((run.folder / "score.json").read_text(encoding="utf-8")) for run in runs]
    metric = scores[0]["metric"]
    rows = {name: [score["languages"][name]["scores"][metric] for score in scores] for name in scores[0]["languages"]}
    rows["mean of languages"] = [score["score"] for score in scores]
    cells = [
        (name, f"{fmean(values):.2f}", f"{stdev(values):.2f}", *(f"{value:.2f}" for value in values))
        for name, values in rows.items()
    ]
    seeds = (f"seed {run.settings['seed']}" for run in runs)
    return Table(f"{runs[0].data.task}: {metric}, percent", ("language", "mean", "deviation", *seeds), tuple(cells))


def imported(source: Path, folder: Path) -> Path:
    """Import a Hugging Face folder unless that has been done, and return the checkpoint."""
    target = folder / "model.pt"
    inputs = sorted(path for path in source.iterdir() if path.suffix in (".json", ".safetensors"))
    command = [*program("alignmlm"), "import", str(source), "--to", str(target), "--fresh-lm-head"]
    outputs = [target, folder / "dict.txt", folder / TOKENIZER, folder / "source.json"]
    with locked(folder):
        do(Records(folder), [Step("import", [command], inputs, outputs, version(), about=f"import of {source}")])
    return target


def _runs_of(args: argparse.Namespace) -> list[XtremeRun]:
    from fairseq_alignmlm.evaluation.architecture import architecture
    from fairseq_alignmlm.evaluation.checkpoint import read_state

    if not (args.checkpoint and args.task and args.data):
        raise InputError("--checkpoint, --task and --data are needed; see --help")
    if args.task not in TASKS:
        raise InputError(f"unknown task '{args.task}'; choose {', '.join(TASKS)}")
    if args.batch % min(args.device_batch, args.batch):
        raise InputError(f"--batch {args.batch} is no multiple of --device-batch {args.device_batch}")
    if args.lr is not None and not 0 < args.lr < math.inf:
        raise InputError(f"--lr {args.lr}: give a number above 0")
    beside = args.checkpoint.parent
    vocabulary = args.vocab or beside / "dict.txt"
    sentencepiece = args.sentencepiece or pieces_beside(beside / "dict.txt") or beside / PIECES[0]
    train, dev = args.train or args.data / f"train-{ENGLISH}.tsv", args.dev or args.data / f"dev-{ENGLISH}.tsv"
    options.need_files(args.checkpoint, vocabulary, sentencepiece, train, dev)
    prefix = f"{args.test_split}-"
    names = args.languages.split(",") if args.languages else []
    if not names:
        names = sorted(path.stem.removeprefix(prefix) for path in args.data.glob(f"{prefix}*.tsv"))
        if not names:
            raise InputError(f"{args.data}: there is no {prefix}LANGUAGE.tsv; see --data and --test-split")
    for name in names:
        if not name.replace("-", "_").isidentifier():
            raise InputError(f"--languages: '{name}' is no name of a language")
    tests = {name: args.data / f"{prefix}{name}.tsv" for name in names}
    options.need_files(*tests.values())
    usual, shape = USUAL[args.task], architecture(read_state(args.checkpoint), args.checkpoint)
    large = int(shape.get("encoder_embed_dim", 0)) >= LARGE
    settings: dict[str, Any] = {
        "epochs": args.epochs or usual.epochs,
        "lr": args.lr or (usual.lr_of_large if large else usual.lr),
        "batch": args.batch,
        "device_batch": args.device_batch,
        "max_length": args.max_length,
        "select_every": usual.select_every if args.select_every is None else args.select_every,
    }
    launch, words = Launch(min(1, len(visible_gpus()))), tuple(args.fairseq)
    data = TransferData(args.work / "model", args.task, ENGLISH, train, dev, tests, "none", args.labels)
    if data.labels is not None:
        options.need_files(*(data.labels / args.task / f"test-{name}.tsv" for name in names))
    found = []
    for seed in options.seeds_of(args) if args.seeds else [usual.seed]:
        folder = args.work / f"{args.task}-{seed}"
        run = TransferRun(folder, args.checkpoint, data, shape, {"seed": seed, **settings}, launch, fairseq=words)
        found.append(XtremeRun(vocabulary, sentencepiece, run))
    return found
