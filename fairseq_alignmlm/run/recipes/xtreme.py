"""XTREME's own protocol: a pre-trained checkpoint is fine-tuned on English and tested in all languages."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.run.derived import version
from fairseq_alignmlm.run.launch import Launch, visible_gpus
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.pair_folder import FILE, OTHER
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.provenance import made_by
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.stages import do, say
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.run.xtreme import ENGLISH, XtremeRun

SUMMARIES = {"xtreme": "XTREME's protocol: fine-tune a checkpoint such as XLM-R on English, test in all languages"}
TASKS = ("udpos", "panx", "xnli", "pawsx")
USUAL = {True: {"seed": 1, "epochs": 10}, False: {"seed": 42, "epochs": 5}}  # of tagging, and of the others


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add = parser.add_argument
    add(
        "--checkpoint",
        type=Path,
        metavar="FILE|DIR",
        help="of RoBERTa, XLM-R or this package, or a Hugging Face folder",
    )
    add("--vocab", type=Path, metavar="FILE", help="the model's dict.txt (default: the one beside the checkpoint)")
    what = "model that cuts words into pieces (default: sentencepiece.bpe.model, spm.model or tokenizer.json there)"
    add("--sentencepiece", type=Path, metavar="FILE", help=what)
    add("--task", metavar="NAME", help=", ".join(TASKS))
    what = "folder of labelled data: train-en.tsv, dev-en.tsv, SPLIT-LANGUAGE.tsv"
    add("--data", type=Path, metavar="DIR", help=what)
    add("--train", type=Path, metavar="FILE", help="English training data, if they are elsewhere")
    add("--dev", type=Path, metavar="FILE", help="English development data, if they are elsewhere")
    what = "test, or dev where the public test files have no labels (default: test)"
    add("--test-split", default="test", choices=("test", "dev"), help=what)
    add("--languages", metavar="NAMES", help="comma-separated (default: all that have a file of the test split)")
    add("--seed", type=options.positive, metavar="N", help="(default: 42 for xnli and pawsx, 1 for tagging, as XTREME)")
    add("--epochs", type=options.positive, metavar="N", help="(default: 5 for xnli and pawsx, 10 for tagging)")
    add("--lr", type=options.number, default=2e-5, metavar="X", help="learning rate (default: 2e-5)")
    add("--batch", type=options.positive, default=32, metavar="N", help="instances per update (default: 32)")
    what = "instances at a time on the device; what is missing to --batch is accumulated (default: 32)"
    add("--device-batch", type=options.positive, default=32, metavar="N", help=what)
    what = "pieces, special symbols included (default: 128); longer tagging sentences are split and joined again"
    add("--max-length", type=options.positive, default=128, metavar="N", help=what)
    add(
        "--work",
        type=Path,
        default=Path("work/xtreme"),
        metavar="DIR",
        help="where all is written (default: work/xtreme)",
    )
    options.pass_on(parser, "fairseq-train")


def run(args: argparse.Namespace) -> int:
    """Prepare, fine-tune, predict, check and score; return the exit status."""
    from fairseq_alignmlm.evaluation.architecture import architecture
    from fairseq_alignmlm.evaluation.checkpoint import read_state

    if args.checkpoint and args.checkpoint.is_dir():
        args.checkpoint = _imported(args.checkpoint, args.work / "imported")
    found = _run_of(args)
    records = Records(found.folder)
    with locked(found.model), locked(found.folder):
        if (found.folder / "settings.txt").exists():
            raise InputError.at(found.folder, None, "was made by the recipe of an earlier version", OTHER)
        identities = {found.model: found.vocabulary_identity(records), found.folder: found.identity(records)}
        for folder, identity in identities.items():
            if (folder / FILE).is_file():
                there = {name: value for name, value in read_settings_file(folder / FILE).items() if name != "made_by"}
                if there != identity:
                    raise InputError.at(folder, None, "was made with other settings or data", OTHER)
        for folder, identity in identities.items():
            if not (folder / FILE).is_file():
                write_settings_file(folder / FILE, identity | {"made_by": made_by()})
        say(f"data of {found.task}: {' '.join(found.tests)}")
        do(Records(found.model, [records.hashes]), found.model_steps())
        do(records, found.steps(architecture(read_state(found.checkpoint), found.checkpoint)))
    scores = records.read("finetune").get("counts", {}).get("development", {})
    for epoch, score in scores.items():
        print(f"epoch {epoch}: {found.metric} {score} on the English dev set")
    print(f"scores: {found.folder / 'score.json'}")
    return 0


def _imported(source: Path, folder: Path) -> Path:
    """Import a Hugging Face folder unless that has been done, and return the checkpoint."""
    target = folder / "model.pt"
    inputs = sorted(path for path in source.iterdir() if path.suffix in (".json", ".safetensors"))
    command = [*program("alignmlm"), "import", str(source), "--to", str(target), "--fresh-lm-head"]
    outputs = [target, folder / "dict.txt", folder / TOKENIZER, folder / "source.json"]
    with locked(folder):
        do(Records(folder), [Step("import", [command], inputs, outputs, version(), about=f"import of {source}")])
    return target


def _run_of(args: argparse.Namespace) -> XtremeRun:
    if not (args.checkpoint and args.task and args.data):
        raise InputError("--checkpoint, --task and --data are needed; see --help")
    if args.task not in TASKS:
        raise InputError(f"unknown task '{args.task}'; choose {', '.join(TASKS)}")
    if args.batch % min(args.device_batch, args.batch):
        raise InputError(f"--batch {args.batch} is no multiple of --device-batch {args.device_batch}")
    if not 0 < args.lr < math.inf:
        raise InputError(f"--lr {args.lr}: give a number above 0")
    beside = args.checkpoint.parent
    pieces = [beside / name for name in ("sentencepiece.bpe.model", "spm.model", TOKENIZER)]
    sentencepiece = args.sentencepiece or next((path for path in pieces if path.is_file()), pieces[0])
    vocabulary = args.vocab or beside / "dict.txt"
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
    settings = USUAL[args.task in ("udpos", "panx")] | {
        name: getattr(args, name) for name in ("seed", "epochs") if getattr(args, name)
    }
    settings |= {"lr": args.lr, "batch": args.batch, "device_batch": args.device_batch, "max_length": args.max_length}
    launch = Launch(min(1, len(visible_gpus())))
    return XtremeRun(
        *(args.work, args.checkpoint, vocabulary, sentencepiece, args.task, train, dev, tests, settings, launch),
        tuple(args.fairseq),
    )
