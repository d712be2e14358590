"""XTREME's own protocol: a pre-trained checkpoint is fine-tuned on English and tested in all languages."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

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
from fairseq_alignmlm.run.transfer import EPOCHS, TransferData, TransferRun
from fairseq_alignmlm.run.xtreme import ENGLISH, XtremeRun

SUMMARIES = {"xtreme": "XTREME's protocol: fine-tune a checkpoint such as XLM-R on English, test in all languages"}
TASKS = ("udpos", "panx", "xnli", "pawsx")
SEEDS = {True: 1, False: 42}  # XTREME's, of tagging and of the others


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
    add("--languages", "NAMES", "comma-separated (default: all that have a file of the test split)")
    add("--seed", "N", "(default: 42 for xnli and pawsx, 1 for tagging, as XTREME)", type=positive)
    add("--epochs", "N", "(default: 5 for xnli and pawsx, 10 for tagging)", type=positive)
    add("--lr", "X", "learning rate (default: 2e-5)", type=options.number, default=2e-5)
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
    found = _run_of(args)
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
    for epoch, score in scores.items() if isinstance(scores, dict) else ():
        print(f"epoch {epoch}: {data.metric} {score} on the English dev set")
    print(f"scores: {own / 'score.json'}")
    return 0


def imported(source: Path, folder: Path) -> Path:
    """Import a Hugging Face folder unless that has been done, and return the checkpoint."""
    target = folder / "model.pt"
    inputs = sorted(path for path in source.iterdir() if path.suffix in (".json", ".safetensors"))
    command = [*program("alignmlm"), "import", str(source), "--to", str(target), "--fresh-lm-head"]
    outputs = [target, folder / "dict.txt", folder / TOKENIZER, folder / "source.json"]
    with locked(folder):
        do(Records(folder), [Step("import", [command], inputs, outputs, version(), about=f"import of {source}")])
    return target


def _run_of(args: argparse.Namespace) -> XtremeRun:
    from fairseq_alignmlm.evaluation.architecture import architecture
    from fairseq_alignmlm.evaluation.checkpoint import read_state

    if not (args.checkpoint and args.task and args.data):
        raise InputError("--checkpoint, --task and --data are needed; see --help")
    if args.task not in TASKS:
        raise InputError(f"unknown task '{args.task}'; choose {', '.join(TASKS)}")
    if args.batch % min(args.device_batch, args.batch):
        raise InputError(f"--batch {args.batch} is no multiple of --device-batch {args.device_batch}")
    if not 0 < args.lr < math.inf:
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
    tagging = args.task in ("udpos", "panx")
    settings = {"seed": args.seed or SEEDS[tagging], "epochs": args.epochs or EPOCHS[tagging]}
    settings |= {"lr": args.lr, "batch": args.batch, "device_batch": args.device_batch, "max_length": args.max_length}
    launch = Launch(min(1, len(visible_gpus())))
    data = TransferData(args.work / "model", args.task, ENGLISH, train, dev, tests, "none")
    folder, words = args.work / f"{args.task}-{settings['seed']}", tuple(args.fairseq)
    shape = architecture(read_state(args.checkpoint), args.checkpoint)
    run = TransferRun(folder, args.checkpoint, data, shape, settings, launch, fairseq=words)
    return XtremeRun(vocabulary, sentencepiece, run)
