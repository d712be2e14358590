"""Tokenise, cut into pieces and binarize the parallel text of two natural languages, for XLM.

Writes parallel/SPLIT.L1-L2.LANGUAGE.{txt,bin,idx}, the layout of ``fairseq-preprocess``, which is what the criterion
`tlm` reads with ``--tlm-parallel``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.progress import track

from .. import arguments
from ..labelled.parallel_corpus import EncodedPair, make_pair_encoder, read_pairs
from ..manifest import Step, run_step
from ..pair import SPLITS, Pair, language_list
from ..pair_identity import identity_of_pair
from ..text.sentences import is_valid, with_splits
from ..text.tokenisation import TOKENISERS
from ..vocabulary.mmap_dataset import MmapBinarizer
from ..worker_pool import ordered_map

SUMMARY = "tokenise, encode and binarize line-aligned text of two natural languages"
ORDER = 36
EXAMPLE = "alignmlm-data bitext --pair PAIR --languages en,fr --input en.txt fr.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument("--languages", required=True, metavar="L1,L2", help="the two languages, such as en,fr")
    parser.add_argument(
        "--input",
        dest="inputs",
        nargs=2,
        action="append",
        type=Path,
        required=True,
        metavar=("L1_FILE", "L2_FILE"),
        help="files of equally many lines; may be repeated",
    )
    parser.add_argument(
        "--tokeniser",
        choices=TOKENISERS,
        default="moses",
        help="how text is cut into words; none: words are separated by spaces already (default: moses)",
    )
    parser.add_argument(
        "--valid-every",
        type=arguments.positive,
        default=100,
        metavar="N",
        help="one pair of N is for validation, at least one of all",
    )
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the folder unless it is up to date."""
    pair = Pair(args.pair)
    languages = language_list(args.languages)
    if len(languages) != 2:
        raise InputError(f"--languages {args.languages}: parallel text has two, such as en,fr")
    sides = (languages[0], languages[1])
    tables = (pair.own_symbols(sides[0]), pair.own_symbols(sides[1]))
    identity = identity_of_pair(pair)
    step = Step(
        "bitext",
        [pair.parallel],
        [*(path for files in args.inputs for path in files), pair.model, pair.symbols, *filter(None, tables)],
        {
            "languages": languages,
            "tokeniser": args.tokeniser,
            "valid_every": args.valid_every,
            "identity": identity.as_json(),
        },
        args.seed,
        ("sacremoses", pair.segmenting_library),
        folder=True,
    )

    def build(folders: list[Path]) -> dict[str, Any]:
        name = "-".join(sides)
        paths = {(split, side): folders[0] / f"{split}.{name}.{side}.txt" for split in SPLITS for side in sides}
        counts: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        make = partial(make_pair_encoder, sides, args.tokeniser, pair.model, tables)
        stream = ordered_map(make, read_pairs([tuple(files) for files in args.inputs]), args.workers)
        with ExitStack() as stack:
            handles = {
                key: stack.enter_context(open(path, "w", encoding="utf-8", newline="\n")) for key, path in paths.items()
            }
            pairs = _counted(track(stream, f"parallel text {name}", unit="batches"), dropped)
            for item, split in with_splits(pairs, lambda item: is_valid(item.number, args.seed, args.valid_every, 0.0)):
                counts[f"{split} pairs"] += 1
                for side, pieces, words in zip(sides, item.pieces, item.words, strict=True):
                    handles[split, side].write(pieces + "\n")
                    counts[f"{side} words"] += words
        for split in SPLITS:
            if not counts[f"{split} pairs"]:
                raise InputError(f"{args.inputs[0][0]}: no pair for {split}; give more text or another --valid-every")
        with MmapBinarizer(pair.symbols, args.workers) as binarizer:
            for path in paths.values():
                binarizer.write(path, path.with_suffix(""))
        identity.write(folders[0] / FILE_NAME)
        return {**counts, "dropped": dict(dropped)}

    run_step(step, build)
    return 0


def _counted(
    batches: Iterable[tuple[list[EncodedPair], Mapping[str, int]]], dropped: Counter[str]
) -> Iterator[EncodedPair]:
    for encoded, lost in batches:
        dropped.update(lost)
        yield from encoded
