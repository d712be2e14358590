"""Binarize the pieces of every language: bin/LANGUAGE/{train,valid}.{bin,idx}.

Written directly, with the bytes of the stock ``fairseq-preprocess`` and many times as fast, or by that program. Beside
them lie the counts of all symbols (``<split>.counts.npy``), so that training need not count.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.storage import atomic_path

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair
from ..pair_identity import identity_of_pair
from ..text.line_blocks import LineBlock, count_lines, read_lines
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
        help="who writes the files: numpy (default) or the stock program; the bytes are the same",
    )
    parser.add_argument(
        "--shards",
        type=arguments.positive,
        default=1,
        metavar="N",
        help="cut the training text into N parts, shards/I-of-N, of which training takes one an epoch: "
        "fairseq-train shards/1-of-2:shards/2-of-2 (default: 1, bin/)",
    )
    parser.add_argument(
        "--shard",
        type=arguments.positive,
        metavar="I",
        help="write this part only, for one process a part (default: all)",
    )
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Binarize the languages that are not up to date."""
    pair = Pair(args.pair)
    languages = args.languages or sorted(path.name for path in pair.pieces("").glob("[!.]*") if path.is_dir())
    if not languages:
        raise InputError.at(pair.pieces(""), None, "no encoded language", "run `encode` first")
    if args.shard and args.shard > args.shards:
        raise InputError(f"--shard {args.shard}: there are only {args.shards}; give --shards as well")
    if args.shards > 1 and args.writer != DIRECT:
        raise InputError(f"--with {PREPROCESS}: it binarizes whole files; leave it out, or --shards")
    with MmapBinarizer(pair.symbols, args.workers) as binarizer:
        if args.shards == 1:
            for language in languages:
                _binarize(pair, language, pair.binarized(language), binarizer, args.writer == DIRECT, args.workers)
        for number in [args.shard] if args.shard else range(1, args.shards + 1):
            if args.shards > 1:
                folder = pair.shard(number, args.shards)
                _copy_symbols(pair, folder)
                for language in languages:
                    _binarize(pair, language, folder / language, binarizer, True, args.workers, (number, args.shards))
    return 0


def _copy_symbols(pair: Pair, folder: Path) -> None:
    """Put dict.txt, and what it is made from, into a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (pair.symbols, pair.symbols.with_name(FILE_NAME)):
        if path.is_file():
            with atomic_path(folder / path.name) as temporary:
                shutil.copyfile(path, temporary)


def _binarize(
    pair: Pair,
    language: str,
    target: Path,
    binarizer: MmapBinarizer,
    direct: bool,
    workers: int,
    shard: tuple[int, int] = (1, 1),
) -> None:
    files = pair.existing(pair.pieces(language))
    identity = identity_of_pair(pair, language)

    def build(folders: list[Path]) -> dict[str, Any]:
        if direct:
            for split, path in files.items():
                binarizer.write(path, folders[0] / split, _part(path, shard) if split == "train" else None)
        else:
            binarize(files, pair.symbols, folders[0], workers)
        tokens = {split: binarizer.write_counts(folders[0] / split) for split in files}
        sizes = {path.name: path.stat().st_size for path in sorted(folders[0].iterdir())}
        identity.write(folders[0] / FILE_NAME)
        return {"tokens": tokens, "bytes": sizes}

    step = Step(
        "binarize",
        [target],
        [pair.symbols, *files.values()],
        identity.as_json() | ({"shard": list(shard)} if shard[1] > 1 else {}),
        libraries=() if direct else ("fairseq",),
        folder=True,
    )
    run_step(step, build)


def _part(text: Path, shard: tuple[int, int]) -> Iterator[LineBlock] | None:
    """Return the lines of one part; texts of equally many lines, as of a derived pair, are cut at the same ones."""
    number, shards = shard
    if shards == 1:
        return None
    lines = count_lines(text)
    return read_lines(text, (number - 1) * lines // shards, number * lines // shards)
