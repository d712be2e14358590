"""Write a checkpoint as a Hugging Face folder that plain transformers loads.

Nothing is written unless transformers computes the same logits for 64 padded sequences of all lengths.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SUMMARY = "write a checkpoint as a Hugging Face folder, checked against transformers"
ORDER = 54
EXAMPLE = "alignmlm export RUN/pretrained.pt --to exported"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="pre-trained, fine-tuned or imported")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--vocabulary",
        type=Path,
        metavar="DIR",
        help="folder of the pair (spm.model, bin/dict.txt) or of the imported model (default: found by itself)",
    )
    parser.add_argument("--head", metavar="NAME", help="masked, xtreme_tagging or xtreme_classification")
    parser.add_argument("--dtype", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    parser.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="LANGUAGE=FILE",
        help="compare the ids of its first 10,000 lines, too; may be repeated",
    )
    parser.add_argument("--data", action="append", default=[], metavar="LINE", help="for the model card: data, licence")
    parser.add_argument("--license", dest="licence", metavar="NAME", help="licence of the model, for the model card")


def run(args: argparse.Namespace) -> int:
    """Export and report; return the exit status."""
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("safetensors", "tokenizers", "transformers")
    from fairseq_alignmlm.exchange.exporting import export_checkpoint

    texts = []
    for text in args.text:
        language, _, path = text.partition("=")
        if not language or not path:
            raise InputError(f"--text {text}: give LANGUAGE=FILE")
        texts.append((language, Path(path)))
    record = export_checkpoint(
        args.checkpoint, args.to, args.vocabulary, args.head, args.dtype, texts, args.data, args.licence
    )
    logits = record["logits"]
    print(
        f"{args.to}: {record['class']}, {record['dtype']}; logits of {logits['sequences']} sequences differ by at most "
        f"{logits['largest_difference']:.1e} of {logits['scale']:.1f}, argmax equal at {logits['argmax_equal']:,} of "
        f"{logits['positions']:,}"
    )
    for language, found in record["tokenizer"].items():
        print(f"  tokenizer of {language}: {found['different']:,} of {found['lines']:,} lines differ")
    if not record["tokenizer"]:
        print("  tokenizer: no text to compare; give --text LANGUAGE=FILE")
    if record["language_embeddings"]:
        print(f"  token types are languages: {', '.join(record['languages'])}; never leave token_type_ids out")
    return 0
