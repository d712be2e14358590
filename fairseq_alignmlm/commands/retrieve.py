"""Find for every sentence the nearest one of another language, as XTREME's Tatoeba task asks."""

from __future__ import annotations

import argparse
from pathlib import Path

from fairseq_alignmlm.command_line import add_vocabulary
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

SUMMARY = "retrieve sentences of another language by mean-pooled hidden states (Tatoeba)"
ORDER = 26
EXAMPLE = (
    "alignmlm retrieve --checkpoint model.pt --vocab dict.txt --sentencepiece spm.model"
    " --source en.txt --target fr.txt --aligned"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="pre-trained model")
    add_vocabulary(parser, "the model's dict.txt")
    parser.add_argument("--source", type=Path, required=True, help="a sentence a line, or the prefix of binarized data")
    parser.add_argument("--target", type=Path, required=True, help="the sentences to find, likewise")
    what = "the model's pieces, or its tokenizer.json, for text (default: what lies beside dict.txt)"
    parser.add_argument("--sentencepiece", type=Path, help=what)
    parser.add_argument(
        "--layer",
        type=int,
        help="0 embeddings, 1 first layer, ... (default: XTREME's, 8 of 12, 14 of 24, two thirds of other depths)",
    )
    parser.add_argument("--languages", help="SOURCE,TARGET: for models with language embeddings, and for the signature")
    parser.add_argument(
        "--aligned", action="store_true", help="line i is the translation of line i: print the accuracy"
    )
    parser.add_argument("--sentences", type=int, help="only the first N lines of both files")
    parser.add_argument("--batch-size", type=int, default=64, help="sentences per batch (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="file of indices from 0, one a line: tatoeba/test-<language>.tsv")
    parser.add_argument("--json", type=Path, help="write the result of --aligned here")


def run(args: argparse.Namespace) -> int:
    """Retrieve, write and print; return the exit status."""
    import torch

    from fairseq_alignmlm.evaluation.predictions import write_labels
    from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors, default_layer, retrieve
    from fairseq_alignmlm.evaluation.signature import short_hash, signature
    from fairseq_alignmlm.exchange.tokenizer import pieces_beside
    from fairseq_alignmlm.storage import sha256_of, write_json

    languages = (args.languages or ",").split(",")
    if len(languages) != 2:
        raise InputError(f"--languages {args.languages}: give SOURCE,TARGET")
    if not args.output and not args.aligned:
        raise InputError("nothing to do: give --output FILE, or --aligned for the accuracy")
    if args.json and not args.aligned:
        raise InputError(
            f"--json {args.json}: only --aligned has a result to write there; give it, or leave --json out"
        )
    require_range("--batch-size", args.batch_size, 1)
    if args.sentences is not None:
        require_range("--sentences", args.sentences, 1)
    direction = f"{languages[0] or args.source.name}>{languages[1] or args.target.name}"
    if args.aligned:
        signature(dir=direction)  # a name that cannot stand there is told before the work
    encoder = SentenceVectors.load(args.checkpoint, args.dict)
    pieces = args.sentencepiece or pieces_beside(args.dict)
    layer = default_layer(encoder.layers) if args.layer is None else args.layer
    sides = [
        encoder.read(path, pieces, language)[: args.sentences]
        for path, language in zip((args.source, args.target), languages, strict=True)
    ]
    if not all(sides) or (args.aligned and len(sides[0]) != len(sides[1])):
        raise InputError(
            f"{args.source} has {len(sides[0]):,} sentences, {args.target} {len(sides[1]):,}: "
            f"{'--aligned needs equally many, and ' if args.aligned else ''}none is too few"
        )
    try:
        source, target = (
            encoder.vectors(side, layer, language or None, args.batch_size)
            for side, language in zip(sides, languages, strict=True)
        )
        found = retrieve(source, target)
    except FloatingPointError as error:
        raise InputError.at(args.checkpoint, None, f"{error}: the run diverged", "take an earlier checkpoint") from None
    if args.output:
        write_labels(args.output, found.tolist())
        print(f"{args.output}: {len(found):,} sentences among {len(target):,}, layer {layer} of {encoder.layers}")
    if args.aligned:
        accuracy = 100.0 * found.eq(torch.arange(len(found))).double().mean().item()
        identity = signature(
            task="retrieval",
            dir=direction,
            metric="accuracy",
            rule=f"mean-of-layer-{layer}",
            n=len(found),
            model=short_hash(sha256_of(args.checkpoint)),
            dict=short_hash(sha256_of(args.dict)),
        )
        print(f"accuracy {accuracy:.2f}  {identity}")
        if args.json:
            write_json(args.json, {"accuracy": accuracy, "layer": layer, "n": len(found), "signature": identity})
    return 0
