"""Train the sub-word vocabulary of a pair on its original language: spm.model, spm.vocab."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair
from ..vocabulary import SPECIAL, chosen_sentences, count_sentences, load, train

SUMMARY = "train the SentencePiece BPE vocabulary on the original language"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    arguments.add_language(parser)
    parser.add_argument(
        "--size", type=arguments.positive, default=40_000, help="pieces, special symbols not counted (default: 40000)"
    )
    parser.add_argument(
        "--character-coverage",
        type=arguments.share,
        default=0.9995,
        metavar="F",
        help="share of the text's characters that get a piece of their own (default: 0.9995)",
    )
    parser.add_argument(
        "--sentences",
        type=arguments.positive,
        default=5_000_000,
        metavar="N",
        help="train on at most N sentences, evenly spread (default: 5000000); memory grows with them",
    )


def run(args: argparse.Namespace) -> int:
    """Train the model unless it is up to date."""
    pair = Pair(args.pair)
    text = pair.existing(pair.text(args.language))["train"]
    step = Step(
        "vocabulary",
        outputs=[pair.model, pair.model.with_suffix(".vocab")],
        inputs=[text],
        settings={
            "size": args.size,
            "character_coverage": args.character_coverage,
            "sentences": args.sentences,
        },
        libraries=("sentencepiece",),
    )

    def build(paths: list[Path]) -> dict[str, Any]:
        present = count_sentences(text)
        wanted = min(present, args.sentences)
        stream = track(chosen_sentences(text, present, wanted), "vocabulary", wanted, "sentences")
        try:
            model = train(stream, args.size, args.character_coverage)
        except InputError as error:
            raise InputError.at(text, None, str(error)) from error
        paths[0].write_bytes(model)
        processor = load(model)
        with open(paths[1], "w", encoding="utf-8", newline="\n") as handle:
            handle.writelines(
                f"{processor.id_to_piece(i)}\t{processor.get_score(i):g}\n" for i in range(len(processor))
            )
        return {
            "pieces": len(processor) - len(SPECIAL),
            "special symbols": len(SPECIAL),
            "sentences in": present,
            "sentences used": wanted,
        }

    run_step(step, build)
    return 0
