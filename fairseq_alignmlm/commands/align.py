"""Align the words of translated sentences by the hidden states of any model, as AWESOME-align does.

Writes a line of links i-j for every line (Pharaoh format, words from 0), which `alignmlm-data links --links` reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SUMMARY = "align the words of translated sentences by the states of any model"
ORDER = 25
EXAMPLE = "alignmlm align mbert/model.pt --sentences en-fr=words.en,words.fr --output words.links"
CHUNK = 512  # sentence pairs that are held at a time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="a checkpoint, or a Hugging Face folder")
    text = "line-aligned text, words separated by spaces"
    parser.add_argument("--sentences", required=True, metavar="L1-L2=FILE,FILE", help=text)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the links")
    text = "whose states are compared (default: two thirds up, 8 of 12)"
    parser.add_argument("--layer", type=int, metavar="N", help=text)
    text = "least probability of a link in both directions (default: %(default)g)"
    parser.add_argument("--threshold", type=float, default=1e-3, metavar="P", help=text)
    text = "folder of the checkpoint's vocabulary (default: found by itself)"
    parser.add_argument("--vocabulary", type=Path, metavar="DIR", help=text)


def run(args: argparse.Namespace) -> int:
    """Write the links; return the exit status."""
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("tokenizers", "safetensors")
    languages, files = _sides(args.sentences)
    if not 0 < args.threshold < 1:
        raise InputError(f"--threshold {args.threshold:g}: give a number between 0 and 1")
    from fairseq_alignmlm.evaluation.sentence_retrieval import default_layer
    from fairseq_alignmlm.measure.model import MeasuredModel
    from fairseq_alignmlm.measure.softmax_alignment import align_sentences
    from fairseq_alignmlm.storage import atomic_path

    model = MeasuredModel.load(args.model, args.vocabulary)
    layer = default_layer(model.layers) if args.layer is None else args.layer
    if not 0 <= layer <= model.layers:
        raise InputError(f"--layer {layer}: the model has the embeddings (0) and layers 1 to {model.layers}")
    pairs = _pairs(files)
    lines = links = 0
    with atomic_path(args.output) as path, open(path, "w", encoding="utf-8", newline="\n") as handle:
        while chunk := list(islice(pairs, CHUNK)):
            try:
                found = align_sentences(model, languages, chunk, layer, args.threshold)
            except FloatingPointError as error:
                raise InputError.at(args.model, None, f"{error}: the run diverged", "take another") from None
            for each in found:
                handle.write(" ".join(f"{first}-{second}" for first, second in each) + "\n")
                links += len(each)
            lines += len(chunk)
        if not links:
            raise InputError.at(
                files[0], None, f"no link in {lines:,} pairs", "give translated text, or another --layer"
            )
    print(f"{args.output}: {links:,} links of {lines:,} sentence pairs, layer {layer}")
    return 0


def _sides(value: str) -> tuple[tuple[str, str], tuple[Path, Path]]:
    names, _, files = value.partition("=")
    languages, paths = names.split("-"), [Path(file) for file in files.split(",") if file]
    if len(languages) != 2 or not all(languages) or len(paths) != 2:
        raise InputError(f"--sentences {value}: give L1-L2=FILE,FILE, such as en-fr=words.en,words.fr")
    return (languages[0], languages[1]), (paths[0], paths[1])


def _pairs(files: tuple[Path, Path]) -> Iterator[tuple[list[str], list[str]]]:
    from fairseq_alignmlm.lines import numbered_lines

    for number, (first, second) in enumerate(zip_longest(*map(numbered_lines, files), fillvalue=None), 1):
        if first is None or second is None:
            short, other = files if first is None else files[::-1]
            remedy = "line i of the one has to translate line i"
            raise InputError.at(short, None, f"ends before line {number:,} of {other}", remedy)
        yield first.text.split(), second.text.split()
