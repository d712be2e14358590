"""Binarize the pieces of every language: bin/LANGUAGE/{train,valid}.{bin,idx}.

Written directly, with the bytes of the stock ``fairseq-preprocess`` and many times as fast, or by that program. Beside
them lie the counts of all symbols (``<split>.counts.npy``), so that training need not count.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair
from ..pair_identity import identity_of_pair
from ..vocabulary.mmap_dataset import MmapBinarizer
from ..vocabulary.preprocess import binarize

SUMMARY = "binarize the pieces of every language"
ORDER = 34
EXAMPLE = "alignmlm-data binarize --pair PAIR"
PREPROCESS, DIRECT = "fairseq-preprocess", "direct"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument(
        "--languages", nargs="+", metavar="NAME", help="languages (default: all that have been encoded)"
    )
    parser.add_argument(
        "--with",
        dest="writer",
        choices=(PREPROCESS, DIRECT),
        default=DIRECT,
        help="the same bytes, written with numpy (default) or by the stock program",
    )
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Binarize the languages that are not up to date."""
    pair = Pair(args.pair)
    languages = args.languages or sorted(path.name for path in pair.pieces("").glob("[!.]*") if path.is_dir())
    if not languages:
        raise InputError.at(pair.pieces(""), None, "no encoded language", "run `encode` first")
    with MmapBinarizer(pair.symbols, args.workers) as binarizer:
        for language in languages:
            _binarize(pair, language, binarizer, args.writer == DIRECT, args.workers)
    return 0


def _binarize(pair: Pair, language: str, binarizer: MmapBinarizer, direct: bool, workers: int) -> None:
    files = pair.existing(pair.pieces(language))
    identity = identity_of_pair(pair, language)

    def build(folders: list[Path]) -> dict[str, Any]:
        if direct:
            for split, path in files.items():
                binarizer.write(path, folders[0] / split)
        else:
            binarize(files, pair.symbols, folders[0], workers)
        tokens = {split: binarizer.write_counts(folders[0] / split) for split in files}
        sizes = {path.name: path.stat().st_size for path in sorted(folders[0].iterdir())}
        identity.write(folders[0] / FILE_NAME)
        return {"tokens": tokens, "bytes": sizes}

    step = Step(
        "binarize",
        [pair.binarized(language)],
        [pair.symbols, *files.values()],
        identity.as_json(),
        libraries=() if direct else ("fairseq",),
        folder=True,
    )
    run_step(step, build)
