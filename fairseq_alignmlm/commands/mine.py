"""Mine parallel sentences, as XTREME's BUCC task asks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

if TYPE_CHECKING:
    from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors

SUMMARY = "mine pairs of parallel sentences by margin, at the threshold that is best on known pairs (BUCC)"
ORDER = 28
EXAMPLE = (
    "alignmlm mine --checkpoint model.pt --vocab dict.txt --sentencepiece spm.model --source fr.txt"
    " --target en.txt --output out.tsv"
)
LAYER = 8  # whatever the depth, in XTREME's script


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="pre-trained model")
    parser.add_argument("--vocab", type=Path, required=True, help="the model's dict.txt")
    what = "the model's pieces, or its tokenizer.json (default: what lies beside dict.txt)"
    parser.add_argument("--sentencepiece", type=Path, help=what)
    parser.add_argument("--source", type=Path, required=True, help="`id TAB sentence` lines: fr-en.test.fr")
    parser.add_argument(
        "--target", type=Path, required=True, help="`id TAB sentence` lines of the other language: fr-en.test.en"
    )
    parser.add_argument("--dev-source", type=Path, help="source lines that choose the threshold: fr-en.dev.fr")
    parser.add_argument("--dev-target", type=Path, help="target lines that choose the threshold: fr-en.dev.en")
    parser.add_argument("--dev-gold", type=Path, help="`id TAB id` lines of their known pairs: fr-en.dev.gold")
    parser.add_argument("--threshold", type=float, help="instead of --dev-*: pairs of this score or more count")
    parser.add_argument("--languages", help="SOURCE,TARGET: for models with language embeddings")
    parser.add_argument("--layer", type=int, help="0 embeddings, 1 first layer, ... (default: 8, or the last of fewer)")
    parser.add_argument(
        "--pool", choices=("first", "mean"), default="first", help="the state of <s>, as XTREME, or the mean of all"
    )
    parser.add_argument(
        "--margin",
        choices=("ratio", "distance", "absolute"),
        default="ratio",
        help="how pairs are scored (default: %(default)s)",
    )
    parser.add_argument("--batch-size", type=int, default=64, help="sentences per batch (default: %(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="pairs, `id TAB id`: bucc2018/test-fr.tsv")
    parser.add_argument("--json", type=Path, help="write threshold and counts here")


def run(args: argparse.Namespace) -> int:
    """Choose the threshold, mine, write and print; return the exit status."""
    from fairseq_alignmlm.evaluation.metrics import score_pairs
    from fairseq_alignmlm.evaluation.mining import best_threshold
    from fairseq_alignmlm.evaluation.predictions import read_pairs
    from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
    from fairseq_alignmlm.exchange.tokenizer import pieces_beside
    from fairseq_alignmlm.storage import atomic_path, sha256_of, write_json

    require_range("--batch-size", args.batch_size, 1)
    dev = [args.dev_source, args.dev_target, args.dev_gold]
    if (args.threshold is None) != all(dev) or (args.threshold is not None and any(dev)):
        raise InputError("give --threshold, or all of --dev-source, --dev-target and --dev-gold to choose it")
    args.sentencepiece = args.sentencepiece or pieces_beside(args.vocab)
    if args.sentencepiece is None:
        remedy = "give --sentencepiece, the model of its pieces, or its tokenizer.json"
        raise InputError.at(args.vocab.parent, None, "nothing there cuts text into pieces", remedy)
    encoder = SentenceVectors.load(args.checkpoint, args.vocab)
    result: dict[str, Any] = {"threshold": args.threshold, "pool": args.pool, "margin": args.margin}
    if args.threshold is None:
        gold = read_pairs(args.dev_gold)
        candidates = _candidates(args, encoder, args.dev_source, args.dev_target)
        try:
            result["threshold"] = best_threshold(candidates, gold)  # type: ignore[arg-type]
        except ValueError as error:
            raise InputError.at(args.dev_gold, None, str(error), "check that it belongs to --dev-source") from None
        kept = {pair for pair, score in candidates.items() if score >= result["threshold"]}
        result["dev"] = score_pairs(gold, kept)
        print(f"threshold {result['threshold']:.4f}, F1 {result['dev']['f1']:.2f} on {len(gold):,} known pairs")
    candidates = _candidates(args, encoder, args.source, args.target)
    kept = {pair for pair, score in candidates.items() if score >= result["threshold"]}
    if not kept:
        raise InputError(f"no pair of {args.source} and {args.target} scores {result['threshold']:.4f} or more")
    with atomic_path(args.output) as temporary:
        temporary.write_text("".join(f"{one}\t{other}\n" for one, other in sorted(kept)), encoding="utf-8")
    print(f"{args.output}: {len(kept):,} pairs of {len(candidates):,} candidates")
    if args.json:
        result |= {"pairs": len(kept), "candidates": len(candidates), "checkpoint": sha256_of(args.checkpoint)}
        write_json(args.json, result)
    return 0


def _candidates(
    args: argparse.Namespace, encoder: SentenceVectors, source: Path, target: Path
) -> dict[tuple[str, str], float]:
    """Return mined pairs of identifiers with their scores; sentences that occur twice have none."""
    from fairseq_alignmlm.evaluation.mining import mine

    languages = args.languages.split(",") if args.languages else [None, None]
    if len(languages) != 2:
        raise InputError(f"--languages {args.languages}: give SOURCE,TARGET")
    layer = min(LAYER, encoder.layers) if args.layer is None else args.layer
    sides = [read_identified(path) for path in (source, target)]
    vectors = [
        encoder.vectors(encoder.encode(side, path, args.sentencepiece), layer, language, args.batch_size, args.pool)
        for side, path, language in zip(sides, (source, target), languages, strict=True)
    ]
    try:
        pairs = mine(vectors[0], vectors[1], margin=args.margin)
    except FloatingPointError as error:
        remedy = "try --margin distance" if "ratio" in str(error) else "the run diverged; take an earlier checkpoint"
        raise InputError.at(args.checkpoint, None, str(error), remedy) from None
    names = [list(side.values()) for side in sides]
    found = {(names[0][pair.source], names[1][pair.target]): pair.score for pair in pairs}
    return {(one, other): score for (one, other), score in found.items() if one and other}


def read_identified(path: Path) -> dict[str, str | None]:
    """Read the identifier of every distinct sentence, None for one that has several.

    Raises:
        InputError: the file is missing or not UTF-8, a line is not ``id TAB sentence``, or there is none.
    """
    from fairseq_alignmlm.lines import numbered_lines

    found: dict[str, str | None] = {}
    for number, line in numbered_lines(path):
        identifier, tab, text = line.partition("\t")
        if not tab or not identifier.strip() or not text.strip():
            raise InputError.at(path, number, "is not `id TAB sentence`", "give a file of BUCC")
        text = text.strip()
        found[text] = None if text in found else identifier.strip()
    if not found:
        raise InputError.at(path, None, "holds no sentence")
    return found
