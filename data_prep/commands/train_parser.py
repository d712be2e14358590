"""Train a small stanza tagger and parser from a tree bank, for machines that cannot download stanza's models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import arguments
from ..languages.syntax.parser_training import train_parser
from ..manifest import Step, run_step

SUMMARY = "train small stanza models from a tree bank, for the verb parse"
ORDER = 16
EXAMPLE = "alignmlm-data train-parser --train en-train.conllu --dev en-dev.conllu --models parser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--train", type=Path, required=True, metavar="FILE", help="CoNLL-U to train on")
    parser.add_argument("--dev", type=Path, required=True, metavar="FILE", help="CoNLL-U to choose the best step on")
    parser.add_argument("--models", type=Path, required=True, metavar="DIR", help="folder of the models, replaced")
    parser.add_argument("--language", default="en", metavar="CODE", help="stanza's code (default: en)")
    parser.add_argument(
        "--tagger-steps", type=arguments.positive, default=1500, metavar="N", help="updates (default: 1500)"
    )
    parser.add_argument(
        "--parser-steps", type=arguments.positive, default=2500, metavar="N", help="updates (default: 2500)"
    )
    arguments.add_seed(parser)


def run(args: argparse.Namespace) -> int:
    """Train the models unless they are up to date."""
    step = Step(
        "train-parser",
        outputs=[args.models],
        inputs=[args.train, args.dev],
        settings={"language": args.language, "steps": [args.tagger_steps, args.parser_steps]},
        seed=args.seed,
        libraries=["stanza", "torch"],
        folder=True,
    )

    def build(folders: list[Path]) -> dict[str, Any]:
        train_parser(args.language, args.train, args.dev, folders[0], args.tagger_steps, args.parser_steps, args.seed)
        return {"models": 2}

    run_step(step, build)
    return 0
