"""Add pieces of new languages to an imported model's vocabulary, and give them first embeddings."""

from __future__ import annotations

import argparse
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SUMMARY = "add pieces of new languages to an imported model's vocabulary"
ORDER = 53
EXAMPLE = "alignmlm extend imported/model.pt --to extended/model.pt --text new.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoint", type=Path, metavar="FILE.pt", help="in the folder that `import` wrote")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE.pt", help="to write, in a folder of its own")
    parser.add_argument("--text", type=Path, nargs="+", required=True, metavar="FILE", help="text of the new languages")
    parser.add_argument("--pieces", type=int, default=10_000, metavar="N", help="new ones, at most (default: 10000)")
    parser.add_argument(
        "--initialise",
        choices=("pieces", "mean", "dictionary"),
        default="pieces",
        help="first embeddings: mean of the old pieces of the same spelling (default), mean of all old ones, or of the "
        "words that translate the words a piece is in",
    )
    parser.add_argument(
        "--dictionary", type=Path, nargs="+", metavar="FILE", help="word of an old language, word of a new one"
    )


def run(args: argparse.Namespace) -> int:
    """Extend and report; return the exit status."""
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("tokenizers", "safetensors")
    from fairseq_alignmlm.exchange.extension import extend
    from fairseq_alignmlm.measure.lexicon import read_lexicon

    if (args.initialise == "dictionary") != bool(args.dictionary):
        raise InputError("--initialise dictionary and --dictionary FILE belong together")
    if args.pieces < 1:
        raise InputError(f"--pieces {args.pieces}: give 1 or more")
    entries = read_lexicon(args.dictionary).forth if args.dictionary else {}
    pairs = [(source, target) for source, targets in entries.items() for target in targets]
    done = extend(args.checkpoint, args.to, args.text, args.pieces, args.initialise, pairs)
    ways = ", ".join(f"{count:,} by {way}" for way, count in done["by"].items() if count)
    cut = done["fertility"]
    print(f"{args.to}: {done['added']:,} new pieces, first embeddings: {ways}")
    print(f"  pieces per word of the text: {cut['before']:.2f} before, {cut['after']:.2f} now")
    return 0
