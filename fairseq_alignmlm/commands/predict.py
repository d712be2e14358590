"""Write a fine-tuned model's predictions in XTREME's format."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fairseq_alignmlm.option_ranges import require_range

if TYPE_CHECKING:
    from fairseq_alignmlm.evaluation.predictor import Predictor

SUMMARY = "write predictions of a fine-tuned checkpoint in the format of XTREME"
ORDER = 30
EXAMPLE = "alignmlm predict --checkpoint RUN/pos/en/finetuned.pt --data PAIR/xtreme/udpos/en/bin --output test-en.tsv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="fine-tuned checkpoint")
    parser.add_argument("--data", type=Path, required=True, help="xtreme/<task>/<language>/bin")
    parser.add_argument("--split", default="valid", help="split of the data (default: %(default)s)")
    parser.add_argument(
        "--output", type=Path, required=True, help="prediction file to write, test-<language>.tsv, .json of answers"
    )
    parser.add_argument("--language", help="language of the data, for models with language embeddings")
    parser.add_argument(
        "--missing-tag", help="tag of words beyond the model's length (default: O for IOB tags, X otherwise)"
    )
    parser.add_argument("--batch-size", type=int, default=64, help="sentences per batch (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Predict and write; return the exit status."""
    from fairseq_alignmlm.evaluation.origin import write_origin
    from fairseq_alignmlm.evaluation.predictions import write_labels, write_tags
    from fairseq_alignmlm.evaluation.predictor import Predictor

    require_range("--batch-size", args.batch_size, 1)
    predictor = Predictor.load(args.checkpoint, args.data, args.language)
    if predictor.answers_questions:
        return _answer(args, predictor)
    missing = args.missing_tag or ("O" if "O" in predictor.labels else "X")
    count = cut = 0

    def labels_of_lines() -> Iterator[list[str]]:
        nonlocal count, cut
        for labels, expected in predictor.predict(args.split, args.batch_size):
            count += 1
            cut += expected - len(labels)
            yield labels + [missing] * (expected - len(labels))

    if predictor.tags_words:
        write_tags(args.output, labels_of_lines())
    else:
        write_labels(args.output, itertools.chain.from_iterable(labels_of_lines()))
    gold = args.data.parent / f"{args.split}.tsv"
    write_origin(args.output, args.checkpoint, predictor.data, predictor.trained, gold, predictor.tags_words)
    print(f"{args.output}: {count:,} instances; {cut:,} words beyond the maximum length got {missing}")
    return 0


def _answer(args: argparse.Namespace, predictor: Predictor) -> int:
    from fairseq_alignmlm.evaluation.origin import write_origin
    from fairseq_alignmlm.storage import write_json

    answers = predictor.answers(args.split, args.batch_size)
    write_json(args.output, answers)
    gold = args.data.parent / f"{args.split}.json"
    write_origin(args.output, args.checkpoint, predictor.data, predictor.trained, gold)
    print(f"{args.output}: {len(answers):,} answers")
    return 0
