"""Write the embedded synthetic language: text, trees, POS tags, names and NLI pairs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

from .. import arguments
from ..manifest import Step, run_step
from ..toy.corpus import Part, write_part
from ..toy.trees import WORD_ORDERS

SUMMARY = "write the embedded synthetic language: text, trees and labelled data"
ORDER = 10
EXAMPLE = "alignmlm-data toy --output language --sentences 30000"
LANGUAGE = "en"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    positive = arguments.positive
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="gets text/, trees/ and labelled/")
    parser.add_argument("--sentences", type=positive, default=30000, metavar="N", help="to train on (default: 30000)")
    parser.add_argument(
        "--valid-sentences", type=positive, default=1000, metavar="N", help="to validate on (default: 1000)"
    )
    parser.add_argument(
        "--labelled-train", type=positive, default=2000, metavar="N", help="sentences for POS and NER (default: 2000)"
    )
    parser.add_argument(
        "--labelled-dev", type=positive, default=500, metavar="N", help="POS and NER, to test on (default: 500)"
    )
    parser.add_argument("--pairs-train", type=positive, default=6000, metavar="N", help="NLI pairs (default: 6000)")
    parser.add_argument(
        "--pairs-dev", type=positive, default=1000, metavar="N", help="NLI pairs to test on (default: 1000)"
    )
    parser.add_argument(
        "--lexicon",
        type=arguments.some_share,
        default=1.0,
        metavar="SHARE",
        help="share of the lexemes and names to use; fewer words are learned in fewer updates (default: 1)",
    )
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
    """Write the folders that are not up to date."""
    for folder, parts in _folders(args).items():
        _write(args.output / folder, parts, args)
    return 0


def _folders(args: argparse.Namespace) -> dict[str, dict[str, Part]]:
    """Return every folder below the output with its parts, by the name of the split."""
    sizes = {"train": args.sentences, "valid": args.valid_sentences}
    if args.word_order != "english":
        name = args.name or args.word_order
        if name == LANGUAGE or Path(name).name != name:
            raise InputError(f"--name {name}: must be one folder name other than {LANGUAGE}")
        return {f"trees/{name}": _parts("trees", sizes, args)}
    if args.name is not None:
        raise InputError("--name: only for another --word-order than english; leave it out")
    labelled = {"train": args.labelled_train, "dev": args.labelled_dev}
    pairs = {"train": args.pairs_train, "dev": args.pairs_dev}
    return {
        f"text/{LANGUAGE}": _parts("text", sizes, args),
        f"trees/{LANGUAGE}": _parts("trees", sizes, args),
        "labelled/udpos": _parts("udpos", labelled, args),
        "labelled/panx": _parts("panx", labelled, args),
        "labelled/xnli": _parts("xnli", pairs, args),
    }


def _parts(kind: str, sizes: dict[str, int], args: argparse.Namespace) -> dict[str, Part]:
    prefix = "" if kind in ("text", "trees") else f"{kind}-"
    order = args.word_order if kind == "trees" else "english"
    return {
        split: Part(kind, f"{prefix}{split}", size, args.seed, args.lexicon, order) for split, size in sizes.items()
    }


def _write(folder: Path, parts: dict[str, Part], args: argparse.Namespace) -> None:
    kinds = {part.kind for part in parts.values()}
    step = Step(
        "toy",
        outputs=[folder],
        inputs=[],
        settings={
            "kind": sorted(kinds),
            "word_order": args.word_order,
            "lexicon": args.lexicon,
            "sizes": {split: part.size for split, part in parts.items()},
        },
        seed=args.seed,
        folder=True,
    )

    def build(temporary: list[Path]) -> dict[str, Any]:
        return {
            split: dict(write_part(part, *_files(part.kind, split, temporary[0]), args.workers))
            for split, part in parts.items()
        }

    run_step(step, build)


def _files(kind: str, split: str, folder: Path) -> tuple[Path | None, Path | None]:
    if kind == "text":
        return folder / f"{split}.txt", None
    if kind == "trees":
        return None, folder / f"{split}.conllu"
    return folder / f"{split}-{LANGUAGE}.tsv", folder / f"{split}-{LANGUAGE}.conllu"
