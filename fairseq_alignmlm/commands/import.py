"""Make a fairseq checkpoint of a Hugging Face folder: RoBERTa, XLM-R, CamemBERT, BERT, DistilBERT and their kin.

Writes the checkpoint, and beside it dict.txt, tokenizer.json and source.json. Weights are read from safetensors only,
never from a pickle.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SUMMARY = "make a checkpoint of a Hugging Face folder (XLM-R, mBERT, ...)"
ORDER = 52
EXAMPLE = "alignmlm import xlm-roberta-base --to imported/model.pt --verify"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="config.json, tokenizer.json, model.safetensors")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE.pt", help="the checkpoint, in a folder of its own"
    )
    parser.add_argument(
        "--languages", metavar="NAME,NAME", help="what token types 1, 2, ... stand for (default: as exported)"
    )
    parser.add_argument(
        "--fresh-lm-head",
        action="store_true",
        help="a folder without a masked language modelling head gets a fresh one, to measure or fine-tune it",
    )
    parser.add_argument(
        "--pooler-head",
        type=int,
        metavar="CLASSES",
        help="start the head of sentence classification from the pooler, as BERT is fine-tuned",
    )
    parser.add_argument("--verify", action="store_true", help="compare the logits with those of transformers")


def run(args: argparse.Namespace) -> int:
    """Convert and report; return the exit status."""
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("safetensors", "tokenizers", *(["transformers"] if args.verify else []))
    from fairseq_alignmlm.exchange.importing import import_folder

    if args.pooler_head is not None and args.pooler_head < 2:
        raise InputError(f"--pooler-head {args.pooler_head}: give two classes or more")
    languages = args.languages.split(",") if args.languages else None
    record = import_folder(args.folder, args.to, languages, args.fresh_lm_head, args.pooler_head)
    print(f"{args.to}: {record['family']}, {record['rows']:,} symbols, weights were {record['dtype']}")
    print(
        f"  rows: {'as in the folder' if record['rows_in_the_source_order'] else 'special symbols moved to the ends'}"
    )
    for name in ("dropped", "fresh", "unknown_settings"):
        if record[name]:
            print(f"  {name.replace('_', ' ')}: {', '.join(record[name])}")
    for name in ("rows_without_a_token", "tokens_respelled_in_dict"):
        if record[name]:
            print(f"  {name.replace('_', ' ')}: {record[name]:,}")
    if args.verify:
        from fairseq_alignmlm.exchange.verification import verify

        print(f"  against transformers: {verify(args.to, args.folder)}")
    return 0
