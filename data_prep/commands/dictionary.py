"""Draw the bilingual dictionary of a derived language: dictionary.PERCENT.tsv.

PERCENT % of the tokens of the original vocabulary with their counterparts, at random. Tokens that keep their script
are not drawn: an entry with the same symbol on both sides would align nothing. The size does not change for that,
so that dictionaries of pairs with and without overlap have equally many entries. With the same seed, a smaller
dictionary is part of a larger one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.dictionary import write_dictionary

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair
from ..randomness import generator, sample

SUMMARY = "draw the bilingual dictionary from the counterparts"
ORDER = 30
EXAMPLE = "alignmlm-data dictionary --pair PAIR --percent 25"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument(
        "--percent",
        type=float,
        default=25.0,
        metavar="P",
        help="size of the dictionary in percent of the original vocabulary (default: 25); 25 and 25.0 are the same "
        "and give dictionary.25.tsv, 2.5 gives dictionary.2.5.tsv",
    )
    arguments.add_seed(parser)


def run(args: argparse.Namespace) -> int:
    """Write the dictionary unless it is up to date."""
    pair = Pair(args.pair)
    if not 0 < args.percent <= 100:
        raise InputError(f"--percent {args.percent:g}: give a number above 0 and up to 100")

    def build(paths: list[Path]) -> dict[str, Any]:
        counterparts = read_counterparts(pair.counterparts)
        entries, kept = draw(counterparts, args.percent, args.seed)
        if not entries:
            raise InputError.at(
                pair.counterparts, None, "no token to draw", "give a larger --percent or less --overlap"
            )
        identity = Identity.of_header(pair.counterparts)
        comments = [
            *([identity.comment()] if identity else []),
            f"{args.percent:g} % of {len(counterparts):,} tokens, seed {args.seed}: {len(entries):,} entries",
            f"{kept:,} tokens keep their script and were not drawn from",
        ]
        write_dictionary(paths[0], entries, comments)
        return {"tokens": len(counterparts), "entries": len(entries), "tokens that keep their script": kept}

    path = pair.dictionary(args.percent)
    run_step(Step("dictionary", [path], [pair.counterparts], {"percent": args.percent}, args.seed), build)
    return 0


def draw(counterparts: list[tuple[str, str]], percent: float, seed: int) -> tuple[list[tuple[str, str]], int]:
    """Return a random part of the counterparts, in vocabulary order, and how many keep their script.

    Args:
        counterparts: every L1 symbol with its L2 symbol.
        percent: size of the part in percent of all of them; capped by the number of those that differ.
        seed: which ones are drawn.
    """
    different = [(source, target) for source, target in counterparts if source != target]
    size = min(round(percent / 100 * len(counterparts)), len(different))
    chosen = sample(len(different), size, generator(seed, "dictionary"))
    return [different[i] for i in chosen], len(counterparts) - len(different)
