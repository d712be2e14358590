"""Measure over the checkpoints of a run how alignment emerges, in the embeddings and layer by layer."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
    from fairseq_alignmlm.lexicon.vocabulary import Vocabulary

SUMMARY = "alignment, word translation, sentence retrieval and loss of a run's checkpoints, over updates"
ORDER = 22
EXAMPLE = "alignmlm emergence RUN/checkpoint_*.pt --data PAIR/bin --counterparts PAIR/counterparts.tsv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoints", type=Path, nargs="+", help="checkpoints of one pre-training run, in any order")
    parser.add_argument("--data", type=Path, required=True, help="the run's data: dict.txt and a folder per language")
    parser.add_argument("--counterparts", type=Path, required=True, help="counterparts.tsv of the derived language")
    parser.add_argument("--dictionary", type=Path, help="training dictionary: separates its tokens from held-out ones")
    parser.add_argument("--languages", help="L1,L2 (default: the first two of the run)")
    parser.add_argument(
        "--split", default="valid", help="split of the data whose sentences are retrieved (default: %(default)s)"
    )
    parser.add_argument("--sentences", type=int, default=1000, help="at most so many sentences (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the result here as well")


def run(args: argparse.Namespace) -> int:
    """Measure, print and write; return the exit status."""
    from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary
    from fairseq_alignmlm.storage import write_json

    if args.sentences < 2:
        raise InputError(f"--sentences {args.sentences}: give at least 2 to choose among")
    vocabulary = read_vocabulary(args.data / "dict.txt")
    points = sorted((_measure(args, path, vocabulary) for path in args.checkpoints), key=lambda point: point["updates"])
    if len({point["updates"] for point in points}) < len(points):
        raise InputError("two checkpoints have the same number of updates; give each once, and those of one run")
    _print(points)
    if args.json is not None:
        write_json(args.json, {"points": points})
    return 0


def _measure(args: argparse.Namespace, checkpoint: Path, vocabulary: Vocabulary) -> dict[str, Any]:
    import torch

    from fairseq_alignmlm.evaluation.alignment import alignment_scores
    from fairseq_alignmlm.evaluation.checkpoint import read_checkpoint_embeddings
    from fairseq_alignmlm.evaluation.emergence import layer_scores, masked_loss, parallel_sentences
    from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
    from fairseq_alignmlm.evaluation.verification import direction_of
    from fairseq_alignmlm.lexicon.dictionary import single_tokens
    from fairseq_alignmlm.storage import sha256_of

    encoder = SentenceVectors.load(checkpoint, args.data / "dict.txt")
    embeddings = read_checkpoint_embeddings(checkpoint)
    if embeddings.updates is None:
        raise InputError.at(checkpoint, None, "does not say how many updates it had", "give checkpoints of a run")
    languages = _languages(args, encoder, checkpoint)
    for path in filter(None, (args.counterparts, args.dictionary)):
        direction_of(path, encoder.identity, ",".join(languages), ())
    source, target = _rows(args.counterparts, vocabulary)
    known = None
    if args.dictionary is not None:
        known = torch.isin(source, torch.as_tensor(single_tokens(args.dictionary, vocabulary.index_of)))
    frequency = torch.tensor(vocabulary.counts)[source]
    sentences = parallel_sentences(args.data, languages, args.split, args.sentences)
    vectors = embeddings.language_vectors(*languages)
    try:
        alignment = alignment_scores(embeddings.words, source, target, known, frequency, vectors)
        layers = layer_scores(encoder, languages, (source, target), frequency.double(), (sentences[0], sentences[1]))
        losses = {
            language: masked_loss(
                encoder, args.data, language, encoder.languages.index(language) + 1, args.split, args.sentences
            )
            for language in languages
        }
    except FloatingPointError as error:
        raise InputError.at(checkpoint, None, f"{error}: the run diverged", "leave it out") from None
    return {
        "updates": embeddings.updates,
        "checkpoint": {"path": str(checkpoint), "sha256": sha256_of(checkpoint)},
        "languages": list(languages),
        "sentences": len(sentences[0]),
        "tokens": len(source),
        "alignment": asdict(alignment),
        "layers": [asdict(layer) for layer in layers],
        "loss": losses,
    }


def _languages(args: argparse.Namespace, encoder: SentenceVectors, checkpoint: Path) -> tuple[str, str]:
    """Return L1 and L2, which the run must know and the files must agree with."""
    from fairseq_alignmlm.evaluation.verification import direction_of

    known = encoder.languages
    names = args.languages.split(",") if args.languages else known[:2]
    if len(names) != 2:
        raise InputError(f"--languages {args.languages}: give exactly two, L1,L2")
    for name in names:
        if name not in known:
            what = f"was trained on {', '.join(known) or 'languages that it does not name'}, not on {name!r}"
            raise InputError.at(checkpoint, None, what, "give --languages L1,L2 of its run")
    for path in (args.counterparts, args.dictionary):
        if path is not None:
            direction_of(path, encoder.identity, ",".join(names), tuple(known))
    return names[0], names[1]


def _rows(path: Path, vocabulary: Vocabulary) -> tuple[Any, Any]:
    import torch

    from fairseq_alignmlm.lexicon.counterparts import read_counterparts

    pairs = [(vocabulary.index_of(first), vocabulary.index_of(second)) for first, second in read_counterparts(path)]
    if any(None in pair for pair in pairs):
        missing = sum(None in pair for pair in pairs)
        what = f"{missing:,} of {len(pairs):,} pairs are not in dict.txt"
        raise InputError.at(path, None, what, "give the files of one language pair")
    rows = torch.tensor(pairs)
    return rows[:, 0].contiguous(), rows[:, 1].contiguous()


def _print(points: list[dict[str, Any]]) -> None:
    """Print a line a checkpoint; of the layers the embeddings and the best for words and for sentences."""
    print("percent; layer in brackets; loss in bits per masked token")
    names = ("updates", "align weighted", "all", "held out", "words", "sentences", "back", "loss")
    print(" ".join(f"{name:>14}" for name in names))
    for point in points:
        alignment = point["alignment"]
        cells = [f"{point['updates']:,}"]
        cells += [_percent(alignment[name]) for name in ("frequency", "all", "held_out")]
        for name in ("words", "sentences", "sentences_back"):
            best = max(point["layers"], key=lambda layer, name=name: layer[name])  # type: ignore[misc]
            cells.append(f"{best[name]:.2f} ({best['layer']})")
        cells.append(" ".join(f"{loss:.2f}" for loss in point["loss"].values()))
        print(" ".join(f"{cell:>14}" for cell in cells))


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{score:.2f}"
