"""Write the embedded synthetic language: text, trees, POS tags, names and NLI pairs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

from .. import arguments
from ..manifest import Step, run_step
from ..toy.corpus import Part, write_part
from ..toy.documents import Stream
from ..toy.word_order import WORD_ORDERS

SUMMARY = "write the embedded synthetic language: text, trees and labelled data"
LANGUAGE = "en"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    positive = arguments.positive
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="gets text/, trees/ and labelled/")
    parser.add_argument("--sentences", type=positive, default=30000, metavar="N", help="to train on (default: 30000)")
    parser.add_argument("--valid-sentences", type=positive, default=1000, metavar="N", help="(default: 1000)")
    parser.add_argument(
        "--labelled-train", type=positive, default=2000, metavar="N", help="sentences for POS and NER (default: 2000)"
    )
    parser.add_argument("--labelled-dev", type=positive, default=500, metavar="N", help="the same (default: 500)")
    parser.add_argument("--pairs-train", type=positive, default=6000, metavar="N", help="NLI pairs (default: 6000)")
    parser.add_argument("--pairs-dev", type=positive, default=1000, metavar="N", help="the same (default: 1000)")
    parser.add_argument(
        "--word-order",
        choices=sorted(WORD_ORDERS),
        default="english",
        help="another order than english writes only the trees of the text, in that order, to train an ordering model",
    )
    parser.add_argument("--name", help="folder of the trees in another order (default: the order's name)")
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files unless they are up to date."""
    parts = _english(args) if args.word_order == "english" else _reordered(args)
    outputs = [path for part in parts for path in (part.data, part.trees) if path is not None]
    step = Step(
        "toy",
        outputs=outputs,
        inputs=[],
        settings={
            "word_order": args.word_order,
            "sizes": {part.stream.name: part.size for part in parts},
        },
        seed=args.seed,
    )

    def build(temporary: list[Path]) -> dict[str, Any]:
        written = dict(zip(outputs, temporary, strict=True))
        counts = {}
        for part in parts:
            moved = Part(
                part.kind,
                part.stream,
                part.size,
                written[part.data] if part.data else None,
                written[part.trees] if part.trees else None,
                part.word_order,
            )
            counts[part.stream.name] = dict(write_part(moved, args.workers))
        return counts

    run_step(step, build)
    return 0


def _english(args: argparse.Namespace) -> list[Part]:
    if args.name is not None:
        raise InputError("--name: only for another --word-order than english; leave it out")
    sizes = {"train": args.sentences, "valid": args.valid_sentences}
    parts = [
        Part(
            "text",
            Stream(args.seed, split),
            size,
            args.output / "text" / LANGUAGE / f"{split}.txt",
            args.output / "trees" / LANGUAGE / f"{split}.conllu",
        )
        for split, size in sizes.items()
    ]
    for task in ("udpos", "panx", "xnli"):
        train, dev = (args.pairs_train, args.pairs_dev) if task == "xnli" else (args.labelled_train, args.labelled_dev)
        for split, size in (("train", train), ("dev", dev)):
            base = args.output / "labelled" / task
            parts.append(
                Part(
                    task,
                    Stream(args.seed, f"{task}-{split}"),
                    size,
                    base / f"{split}-{LANGUAGE}.tsv",
                    base / f"{split}-{LANGUAGE}.conllu",
                )
            )
    return parts


def _reordered(args: argparse.Namespace) -> list[Part]:
    folder = args.output / "trees" / (args.name or args.word_order)
    if folder.name == LANGUAGE or folder.parent != args.output / "trees":
        raise InputError(f"--name {args.name}: must be one folder name other than {LANGUAGE}")
    sizes = {"train": args.sentences, "valid": args.valid_sentences}
    return [
        Part("text", Stream(args.seed, split), size, None, folder / f"{split}.conllu", args.word_order)
        for split, size in sizes.items()
    ]
