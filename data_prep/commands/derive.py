"""Derive the text of a new language by reordering words: text/DERIVED/{train,valid}.txt, line by line as L1."""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from .. import arguments
from ..languages.derivation import make_block_deriver, read_work
from ..languages.transforms import compose
from ..manifest import Step, run_step
from ..pair import Pair, check_language
from ..pair_identity import SETTING, name_transformation
from ..worker_pool import Workers

SUMMARY = "derive a language's text by reordering words"
ORDER = 26
EXAMPLE = "alignmlm-data derive --pair PAIR --derived en_trans_inv --transform inv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    arguments.add_language(parser)
    arguments.add_derived(parser)
    arguments.add_transforms(parser)
    parser.add_argument(
        "--trees",
        type=Path,
        metavar="DIR",
        help="folder with train.conllu and valid.conllu, a tree for every sentence of the text, for transformations "
        "that need them (default: trees/LANGUAGE of the pair)",
    )
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the derived text unless it is up to date."""
    pair = Pair(args.pair)
    if check_language(args.derived) == args.language:
        raise InputError(f"--derived {args.derived}: give the derived language another name than the original")
    texts = pair.existing(pair.text(args.language))
    specifications = args.transform or []
    transformation = compose(specifications)
    trees = args.trees or pair.trees(args.language)
    tree_files = {split: trees / f"{split}.conllu" if transformation.needs_trees else None for split in texts}
    step = Step(
        "derive",
        outputs=[pair.text(args.derived)],
        inputs=[*texts.values(), *filter(None, tree_files.values()), *transformation.input_files],
        settings={"transform": specifications, SETTING: name_transformation(specifications, args.seed)},
        seed=args.seed,
        folder=True,
    )

    def build(folders: list[Path]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with Workers(partial(make_block_deriver, specifications, args.seed), args.workers) as workers:
            for split, text in texts.items():
                counts: Counter[str] = Counter(sentences=0, reordered=0)
                reports: Counter[str] = Counter()
                blocks = workers.map(read_work(text, tree_files[split]))
                with open(folders[0] / f"{split}.txt", "wb") as handle:
                    for block in track(blocks, f"{args.derived}, {split}", unit="blocks"):
                        handle.write(block.data)
                        counts.update({"sentences": block.sentences, "reordered": block.changed})
                        reports.update(block.reports)
                found[split] = {**counts, "not transformed": dict(sorted(reports.items()))}
        return found

    run_step(step, build)
    return 0
