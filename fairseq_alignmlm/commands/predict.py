"""Write a fine-tuned model's predictions in XTREME's format."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write predictions of a fine-tuned checkpoint in the format of XTREME"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="fine-tuned checkpoint")
    parser.add_argument("--data", type=Path, required=True, help="xtreme/<task>/<language>/bin")
    parser.add_argument("--split", default="valid", help="split of the data (default: %(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="prediction file to write, test-<language>.tsv")
    parser.add_argument("--language", help="language of the data, for models with language embeddings")
    parser.add_argument(
        "--missing-tag", help="tag of words beyond the model's length (default: O for IOB tags, X otherwise)"
    )
    parser.add_argument("--batch-size", type=int, default=64, help="sentences per batch (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Predict and write; return the exit status."""
    from fairseq_alignmlm.evaluation.predictor import Predictor
    from fairseq_alignmlm.storage import atomic_path

    predictor = Predictor.load(args.checkpoint, args.data, args.language)
    missing = args.missing_tag or ("O" if "O" in predictor.labels else "X")
    count = cut = 0
    with atomic_path(args.output) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        for labels, expected in predictor.predict(args.split, args.batch_size):
            if count and predictor.tags_words:
                handle.write("\n")
            handle.writelines(f"{label}\n" for label in labels + [missing] * (expected - len(labels)))
            count += 1
            cut += expected - len(labels)
    print(f"{args.output}: {count:,} instances; {cut:,} words beyond the maximum length got {missing}")
    return 0
