"""Write a fine-tuned model's predictions in XTREME's format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

if TYPE_CHECKING:
    from fairseq_alignmlm.evaluation.predictor import Predictor

SUMMARY = "write predictions of a fine-tuned checkpoint in the format of XTREME"
ORDER = 30
EXAMPLE = "alignmlm predict --checkpoint RUN/pos/en/finetuned.pt --data PAIR/xtreme/udpos/en/bin --output test-en.tsv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="fine-tuned checkpoint")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        help="xtreme/<task>/<language>/bin; of several languages in one go, in common batches of similar lengths",
    )
    parser.add_argument("--split", default="valid", help="split of the data (default: %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="prediction file to write, test-<language>.tsv, .json of answers; for several --data the folder of them",
    )
    parser.add_argument("--language", help="language of the data, for models with language embeddings")
    parser.add_argument(
        "--missing-tag", help="tag of words beyond the model's length (default: O for IOB tags, X otherwise)"
    )
    parser.add_argument("--batch-size", type=int, default=64, help="sentences per batch (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Predict and write; return the exit status."""
    from fairseq_alignmlm.evaluation.predictor import Predictor

    require_range("--batch-size", args.batch_size, 1)
    several = len(args.data) > 1
    if several and args.language:
        raise InputError("--language: models with language embeddings take one --data at a time")
    names = [data.resolve().parent.name for data in args.data]
    if len(set(names)) < len(names):
        raise InputError(f"--data: several are of {max(names, key=names.count)}; give one folder a language")
    predictor = Predictor.load(args.checkpoint, args.data[0], args.language)
    suffix = "json" if predictor.answers_questions else "tsv"
    outputs = [args.output / f"test-{name}.{suffix}" for name in names] if several else [args.output]
    if predictor.answers_questions:
        for data, output in zip(args.data, outputs, strict=True):
            _answer(args, predictor, data, output)
    else:
        _label(args, predictor, outputs)
    return 0


def _label(args: argparse.Namespace, predictor: Predictor, outputs: list[Path]) -> None:
    from fairseq_alignmlm.evaluation.origin import write_origin
    from fairseq_alignmlm.evaluation.predictions import write_labels, write_tags

    missing = args.missing_tag or ("O" if "O" in predictor.labels else "X")
    datasets, identities = [], []
    for data in args.data:
        datasets.append(predictor.open(data, args.split))
        identities.append(predictor.data)
    found = predictor.predict_all(datasets, args.batch_size, args.split)
    for data, output, lines, identity in zip(args.data, outputs, found, identities, strict=True):
        rows = [(labels + [missing] * (expected - len(labels)), expected - len(labels)) for labels, expected in lines]
        if predictor.tags_words:
            write_tags(output, (labels for labels, _ in rows))
        else:
            write_labels(output, (label for labels, _ in rows for label in labels))
        gold = data.parent / f"{args.split}.tsv"
        write_origin(output, args.checkpoint, identity, predictor.trained, gold, predictor.tags_words)
        cut = sum(absent for _, absent in rows)
        print(f"{output}: {len(rows):,} instances; {cut:,} words beyond the maximum length got {missing}")


def _answer(args: argparse.Namespace, predictor: Predictor, data: Path, output: Path) -> None:
    from fairseq_alignmlm.evaluation.answers import read_gold_answers
    from fairseq_alignmlm.evaluation.origin import write_origin
    from fairseq_alignmlm.storage import write_json

    answers = predictor.answers(data, args.split, args.batch_size)
    write_json(output, answers)
    gold = data.parent / f"{args.split}.json"
    known = any(any(texts) for texts in read_gold_answers(gold).values())
    write_origin(output, args.checkpoint, predictor.data, predictor.trained, gold if known else None)
    print(f"{output}: {len(answers):,} answers")
