"""Cut the text of both languages into pieces and transliterate the derived one.

Writes counterparts.tsv, pieces/LANGUAGE/{train,valid}.txt, line by line as the text, and bin/dict.txt.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.lexicon.counterparts import read_counterparts, write_counterparts
from fairseq_alignmlm.progress import track

from .. import arguments
from ..line_blocks import read_blocks
from ..manifest import Step, run_step
from ..pair import Pair, check_language
from ..parallel import ordered_map
from ..pieces import make_block_encoder
from ..symbols import joint_symbols, read_counts, write_counts
from ..transliteration import counterparts_of
from ..vocabulary import UNKNOWN, load, pieces_of

SUMMARY = "cut text into pieces and transliterate the derived language"
LIBRARIES = ("sentencepiece",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    arguments.add_language(parser)
    arguments.add_derived(parser)
    parser.add_argument(
        "--overlap",
        type=arguments.share,
        default=0.0,
        metavar="F",
        help="share of the tokens that keep their script (default: 0)",
    )
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Do the four steps that are not up to date."""
    pair = Pair(args.pair)
    check_language(args.derived)
    for language in (args.language, args.derived):
        pair.existing(pair.text(language))
    _make_counterparts(pair, args.derived, args.overlap, args.seed)
    _encode(pair, args.language, None, args.workers)
    _encode(pair, args.derived, pair.counterparts, args.workers)
    _make_symbols(pair, [args.language, args.derived])
    return 0


def _make_counterparts(pair: Pair, derived: str, overlap: float, seed: int) -> None:
    def build(paths: list[Path]) -> dict[str, Any]:
        pieces = [piece for piece in pieces_of(load(pair.model)) if piece != UNKNOWN]
        pairs = counterparts_of(pieces, derived, overlap, seed)
        kept = sum(source == target for source, target in pairs)
        comments = [
            f"every token of the vocabulary and its counterpart in {derived}",
            f"overlap: {overlap:g} ({kept:,} of {len(pairs):,} tokens keep their script), seed: {seed}",
        ]
        write_counterparts(paths[0], pairs, comments)
        return {"tokens": len(pairs), "tokens that keep their script": kept}

    settings = {"derived": derived, "overlap": overlap}
    run_step(Step("encode", [pair.counterparts], [pair.model], settings, seed, LIBRARIES), build)


def _encode(pair: Pair, language: str, counterparts: Path | None, workers: int) -> None:
    texts = pair.existing(pair.text(language))

    def build(folders: list[Path]) -> dict[str, Any]:
        make = partial(make_block_encoder, pair.model, counterparts)
        found: dict[str, Any] = {}
        for split, text in texts.items():
            counts: Counter[str] = Counter()
            totals: Counter[str] = Counter()
            blocks = ordered_map(make, read_blocks(text), workers)
            with open(folders[0] / f"{split}.txt", "wb") as handle:
                for block in track(blocks, f"pieces of {language}, {split}", unit="blocks"):
                    handle.write(block.data)
                    counts.update(block.counts)
                    totals += Counter(lines=block.lines, words=block.words)
            found[split] = {**totals, "pieces": counts.total(), "unknown pieces": counts[UNKNOWN]}
            if split == "train":
                del counts[UNKNOWN]
                write_counts(folders[0] / "counts.txt", sorted(counts), counts)
        return found

    inputs = [pair.model, *([counterparts] if counterparts else []), *texts.values()]
    run_step(Step("encode", [pair.pieces(language)], inputs, libraries=LIBRARIES, folder=True), build)


def _make_symbols(pair: Pair, languages: list[str]) -> None:
    counts_files = [pair.pieces(language) / "counts.txt" for language in languages]

    def build(paths: list[Path]) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        for path in counts_files:
            counts.update(read_counts(path))
        symbols = joint_symbols(read_counterparts(pair.counterparts))
        write_counts(paths[0], symbols, counts)
        return {"symbols": len(symbols), "symbols that the text does not use": sum(s not in counts for s in symbols)}

    run_step(Step("encode", [pair.symbols], [pair.counterparts, *counts_files]), build)
