"""Binarize the pieces of every language with fairseq-preprocess: bin/LANGUAGE/{train,valid}.{bin,idx}."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair
from ..preprocess import binarize

SUMMARY = "binarize the pieces of every language with fairseq-preprocess"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument(
        "--languages", nargs="+", metavar="NAME", help="languages (default: all that have been encoded)"
    )
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Binarize the languages that are not up to date."""
    pair = Pair(args.pair)
    languages = args.languages or sorted(path.name for path in pair.pieces("").glob("*") if path.is_dir())
    if not languages:
        raise InputError.at(pair.pieces(""), None, "no encoded language", "run `encode` first")
    for language in languages:
        _binarize(pair, language, args.workers)
    return 0


def _binarize(pair: Pair, language: str, workers: int) -> None:
    files = pair.existing(pair.pieces(language))

    def build(folders: list[Path]) -> dict[str, Any]:
        binarize(files, pair.symbols, folders[0], workers)
        sizes = {path.name: path.stat().st_size for path in sorted(folders[0].iterdir())}
        return {"bytes": sizes}

    step = Step(
        "binarize",
        [pair.binarized(language)],
        [pair.symbols, *files.values()],
        libraries=("fairseq",),
        folder=True,
    )
    run_step(step, build)
