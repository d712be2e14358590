"""Measure how aligned a model is: words, words in context, sentences, layer by layer, with intervals.

MODEL is a checkpoint or a Hugging Face folder. Each option may be repeated, for as many language pairs as there are.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    from fairseq_alignmlm.measure.measures import Fertility, Measured
    from fairseq_alignmlm.measure.model import MeasuredModel

SUMMARY = "measure how aligned any model is: words, words in context, sentences, by layer"
ORDER = 24
EXAMPLE = "alignmlm measure xlmr/model.pt --lexicon en-fr=en-fr.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="a checkpoint, or a Hugging Face folder")
    parser.add_argument(
        "--vocabulary",
        type=Path,
        metavar="DIR",
        help="folder of the checkpoint's vocabulary (default: found by itself)",
    )
    parser.add_argument(
        "--sentences",
        action="append",
        default=[],
        metavar="L1-L2=FILE,FILE",
        help="line-aligned text: sentence retrieval, mutual nearest share (MEXA), CKA",
    )
    parser.add_argument(
        "--lexicon",
        action="append",
        default=[],
        metavar="L1-L2=FILE,...",
        help="word pairs (MUSE 5000-6500, XLing-Eval): word retrieval by input embeddings, weak, CSLS and strong",
    )
    parser.add_argument(
        "--candidates",
        action="append",
        default=[],
        metavar="LANGUAGE=FILE",
        help="text or word list whose words are the candidates (default: the lexicon's own words, which is easier)",
    )
    parser.add_argument("--most", type=int, default=200_000, help="candidates a language (default: 200000, as MUSE)")
    parser.add_argument("--lowercase", action="store_true", help="lexicon and candidates in lower case, as MUSE's")
    parser.add_argument("--lone-words", action="store_true", help="the lexicon's words also by their states, by layer")
    parser.add_argument(
        "--gold",
        action="append",
        default=[],
        metavar="L1-L2=DIR",
        help="hand-made alignments (test.L1, test.L2, alignv2.txt): word alignment error rate, words in context",
    )
    parser.add_argument(
        "--linked",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="of `alignmlm-data links`: linked words of its validation part, weak and strong, by layer",
    )
    parser.add_argument(
        "--limit", type=int, default=1000, help="pairs of sentences, or links, of each file (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="write measure.json and layers.png there")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="write sentence vectors, L1-L2.LANGUAGE.npy")
    parser.add_argument(
        "--layer", type=int, help="layer that --vectors writes (default: two thirds up, as XTREME's 8 of 12)"
    )


def run(args: argparse.Namespace) -> int:
    """Measure, print and write; return the exit status."""
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("tokenizers", "safetensors")
    if not (args.sentences or args.lexicon or args.gold or args.linked):
        raise InputError("nothing to measure: give --sentences, --lexicon, --gold or --linked")
    if args.vectors and not args.sentences:
        raise InputError("--vectors: there are no sentences; give --sentences")
    if min(args.limit, args.most) < 1:
        raise InputError("--limit and --most: give 1 or more")
    pairs = {name: [_pair(name, value) for value in getattr(args, name)] for name in ("sentences", "lexicon", "gold")}
    texts = dict(_named("candidates", value) for value in args.candidates)
    from fairseq_alignmlm.measure.model import MeasuredModel
    from fairseq_alignmlm.measure.report import as_json, as_text, draw
    from fairseq_alignmlm.storage import write_json

    model = MeasuredModel.load(args.model, args.vocabulary)
    try:
        found, cut = _measure(args, model, pairs, texts)
    except FloatingPointError as error:
        raise InputError.at(args.model, None, f"{error}: the run diverged", "take an earlier checkpoint") from None
    except ValueError as error:
        raise error if isinstance(error, InputError) else InputError.at(args.model, None, str(error)) from None
    print(as_text(args.model.name, found, cut))
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        write_json(args.output / "measure.json", as_json(model.name, model.digest, model.layers, found, cut))
        draw(args.output / "layers.png", model.name, found)
    return 0


def _named(option: str, value: str) -> tuple[str, Path]:
    name, _, path = value.partition("=")
    if not name or not path:
        raise InputError(f"--{option} {value}: give LANGUAGE=FILE")
    return name, Path(path)


def _pair(option: str, value: str) -> tuple[tuple[str, str], list[Path]]:
    names, _, files = value.partition("=")
    languages = names.split("-")
    if len(languages) != 2 or not all(languages) or not files:
        raise InputError(f"--{option} {value}: give L1-L2=FILE, such as en-fr=...; names without - (zh_Hans)")
    return (languages[0], languages[1]), [Path(file) for file in files.split(",")]


def _measure(
    args: argparse.Namespace,
    model: MeasuredModel,
    pairs: dict[str, list[tuple[tuple[str, str], list[Path]]]],
    texts: dict[str, Path],
) -> tuple[list[Measured], list[Fertility]]:
    from fairseq_alignmlm.measure import measures
    from fairseq_alignmlm.measure.linked_words import measure_links
    from fairseq_alignmlm.measure.word_alignment import read_gold

    found: list[Measured] = []
    lines: dict[str, list[str]] = {}
    for languages, files in pairs["lexicon"]:
        found += measures.measure_lexicon(
            model, languages, files, texts, args.most, args.lowercase, contextual=args.lone_words
        )
    for languages, files in pairs["gold"]:
        found += measures.measure_gold(model, languages, files[0])
        for sentence in read_gold(files[0], languages):
            lines.setdefault(languages[0], []).append(" ".join(sentence.source))
            lines.setdefault(languages[1], []).append(" ".join(sentence.target))
    for folder in args.linked:
        found += measure_links(model, folder, args.limit)
    for languages, files in pairs["sentences"]:
        if len(files) != 2:
            raise InputError(f"--sentences {'-'.join(languages)}: give two files of equally many lines")
        sides = measures.read_bitext((files[0], files[1]), args.limit)
        numbers, vectors = measures.measure_sentences(model, languages, sides)
        found += numbers
        for language, side, states in zip(languages, sides, vectors, strict=True):
            lines.setdefault(language, []).extend(side)
            if args.vectors:
                _write_vectors(args, model, "-".join(languages), language, states)
    return found, [measures.fertility(model, language, text) for language, text in lines.items()]


def _write_vectors(args: argparse.Namespace, model: MeasuredModel, pair: str, language: str, states: object) -> None:
    import numpy as np
    import torch

    from fairseq_alignmlm.evaluation.sentence_retrieval import default_layer
    from fairseq_alignmlm.storage import atomic_path

    assert isinstance(states, torch.Tensor)
    layer = default_layer(model.layers) if args.layer is None else args.layer
    if not 0 <= layer <= model.layers:
        raise InputError(f"--layer {layer}: the model has the embeddings (0) and layers 1 to {model.layers}")
    with atomic_path(args.vectors / f"{pair}.{language}.npy") as path, open(path, "wb") as handle:
        np.save(handle, states[layer].numpy(), allow_pickle=False)
