"""Measure how well a checkpoint's word embeddings are aligned."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.command_line import add_vocabulary
from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from fairseq_alignmlm.evaluation.checkpoint import CheckpointEmbeddings
    from fairseq_alignmlm.evaluation.retrieval import RetrievalScores
    from fairseq_alignmlm.lexicon.vocabulary import Vocabulary

SUMMARY = "measure the alignment of a checkpoint's words (Table 8), or word translation retrieval"
ORDER = 20
EXAMPLE = (
    "alignmlm alignment --checkpoint RUN/pretrained.pt --vocab PAIR/bin/dict.txt --counterparts PAIR/counterparts.tsv"
)
FREQUENCY_BINS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="fairseq checkpoint of a pre-training run")
    add_vocabulary(parser, "bin/dict.txt that the run was trained with")
    parser.add_argument("--counterparts", type=Path, help="counterparts.tsv of a derived language")
    parser.add_argument("--dictionary", type=Path, help="training dictionary: separates its tokens from held-out ones")
    parser.add_argument("--held-out", type=Path, help="dictionary of natural languages: translation retrieval")
    parser.add_argument("--languages", help="L1,L2 where the model has language embeddings (default: the run's)")
    parser.add_argument("--device", default="cpu", help="torch device (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the result here as well")


def run(args: argparse.Namespace) -> int:
    """Measure, print and write; return the exit status."""
    if args.counterparts is None and args.held_out is None:
        raise InputError("nothing to measure: give --counterparts (derived language) or --held-out (natural languages)")
    _check_device(args.device)
    from fairseq_alignmlm.evaluation.checkpoint import read_checkpoint_embeddings
    from fairseq_alignmlm.evaluation.signature import short_hash, signature
    from fairseq_alignmlm.evaluation.verification import direction_of, verify_vocabulary
    from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary
    from fairseq_alignmlm.storage import sha256_of, write_json

    vocabulary = read_vocabulary(args.dict)
    model = read_checkpoint_embeddings(args.checkpoint)
    if len(vocabulary) != len(model.words):
        raise InputError.at(
            args.checkpoint,
            None,
            f"has a vocabulary of {len(model.words):,} symbols, {args.dict} gives {len(vocabulary):,}",
            "use the dict.txt of the run's own data",
        )
    model_identity = verify_vocabulary(model.identity, args.checkpoint, args.dict, with_text=True)
    directions = {
        name: direction_of(path, model_identity, args.languages, model.language_names)
        for name, path in (
            ("counterparts", args.counterparts),
            ("dictionary", args.dictionary),
            ("held_out", args.held_out),
        )
        if path is not None
    }
    _require_one_direction(args, directions)
    files = {"checkpoint": args.checkpoint, "dict": args.dict, "counterparts": args.counterparts}
    files |= {"dictionary": args.dictionary, "held_out": args.held_out}
    result: dict[str, Any] = {
        "files": {
            name: {"path": str(path), "sha256": sha256_of(path)} for name, path in files.items() if path is not None
        },
        "updates": model.updates,
        "verified": bool(model.identity.symbols),
        "random_tokens": model.random_tokens or None,
    }
    hashes = {name: short_hash(file["sha256"]) for name, file in result["files"].items()}
    languages = next(iter(directions.values())) or (None, None)
    identity = {
        "dir": ">".join(name or "?" for name in languages) if any(languages) else None,
        "model": hashes["checkpoint"],
        "dict": hashes.get("dictionary"),
    }
    signature(**identity)  # a name that cannot stand there is told before the work
    try:
        if args.counterparts is not None:
            result |= _alignment(args, model, vocabulary, languages, identity)
        if args.held_out is not None:
            result |= _retrieval(args, model, vocabulary, identity)
    except FloatingPointError as error:
        raise InputError.at(args.checkpoint, None, f"{error}: the run diverged", "take an earlier checkpoint") from None
    if args.json is not None:
        write_json(args.json, result)
    return 0


def _check_device(name: str) -> None:
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # no such kind of device, or none of it here
        raise InputError(f"--device {name}: {str(error).splitlines()[0]}; give cpu, or cuda with a GPU") from None


def _require_one_direction(args: argparse.Namespace, directions: dict[str, tuple[str, ...]]) -> None:
    """Refuse files of which one goes from L1 to L2 and another the other way."""
    first = next(iter(directions))
    for name, languages in directions.items():
        if languages and directions[first] and languages != directions[first]:
            what = f"goes from {' to '.join(languages)}, {getattr(args, first)} from {' to '.join(directions[first])}"
            raise InputError.at(getattr(args, name), None, what, "give files of one direction")


def _alignment(
    args: argparse.Namespace,
    model: CheckpointEmbeddings,
    vocabulary: Vocabulary,
    languages: tuple[str | None, ...],
    identity: dict[str, str | None],
) -> dict[str, Any]:
    import torch

    from fairseq_alignmlm.evaluation.alignment import alignment_hits, hits_by_frequency, summarise_hits
    from fairseq_alignmlm.evaluation.signature import signature
    from fairseq_alignmlm.lexicon.dictionary import single_tokens

    source, target, dropped = _counterpart_rows(args.counterparts, vocabulary)
    known = None
    if args.dictionary is not None:
        known = torch.isin(source, torch.as_tensor(single_tokens(args.dictionary, vocabulary.index_of)))
    frequency = torch.tensor(vocabulary.counts)[source]
    if len(frequency) > 1 and frequency.unique().numel() == 1:
        print(f"warning: {args.dict}: all counts are equal, so weighting by frequency changes nothing", file=sys.stderr)
    if known is not None and not known.any():
        what = f"no entry of it is a token on the left of {args.counterparts}"
        raise InputError.at(args.dictionary, None, what, "give the dictionary that the run was trained with")
    vectors = model.language_vectors(languages[0], languages[1])
    words, device = model.words.to(args.device), torch.device(args.device)
    if vectors is not None:
        vectors = (vectors[0].to(device), vectors[1].to(device))
    hits = alignment_hits(words, source.to(device), target.to(device), vectors).cpu()
    scores = summarise_hits(hits, known, frequency)
    inside = None if known is None else int(known.sum())
    tokens = {
        "all": len(source),
        "dictionary": inside,
        "held_out": None if inside is None else len(source) - inside,
        "never_in_text": int((frequency == 0).sum()),
        "candidates": len(target.unique()),
        "not_in_vocabulary": dropped,
    }
    mark = signature(task="alignment", metric="nearest-cosine", n=len(source), **identity)
    print(f"alignment: counterparts that are the nearest of {tokens['candidates']:,} tokens, percent")
    rows = [
        ("weighted by frequency", scores.frequency, tokens["all"]),
        ("held out, weighted by frequency", scores.held_out_frequency, tokens["held_out"]),
        ("every token alike (the paper's)", scores.all, tokens["all"]),
        ("in the dictionary, every token alike", scores.dictionary, tokens["dictionary"]),
        ("held out, every token alike", scores.held_out, tokens["held_out"]),
    ]
    for name, score, count in rows:
        if count is not None:
            print(f"  {name:38}" + (f"{score:7.2f}" if score is not None else f"{'-':>7}") + f"   {count:,} tokens")
    if tokens["never_in_text"]:
        never = f"{tokens['never_in_text']:,} of {tokens['all']:,} tokens never occur in the text"
        print(f"  {never}: they weigh nothing by frequency, and count where all count alike")
    print(f"  {mark}")
    return {
        "alignment": asdict(scores),
        "tokens": tokens,
        "language_embeddings": vectors is not None,
        "by_frequency": hits_by_frequency(hits, frequency, FREQUENCY_BINS),
        "signature": mark,
    }


def _counterpart_rows(path: Path, vocabulary: Vocabulary) -> tuple[Tensor, Tensor, int]:
    import torch

    from fairseq_alignmlm.lexicon.counterparts import read_counterparts

    pairs = [(vocabulary.index_of(first), vocabulary.index_of(second)) for first, second in read_counterparts(path)]
    known = [pair for pair in pairs if None not in pair]
    dropped = len(pairs) - len(known)
    if not known:
        raise InputError.at(path, None, "no token of it is in dict.txt", "give the files of one language pair")
    if dropped:
        print(f"warning: {path}: {dropped:,} of {len(pairs):,} pairs are not in dict.txt", file=sys.stderr)
    rows = torch.tensor(known)
    return rows[:, 0].contiguous(), rows[:, 1].contiguous(), dropped


def _retrieval(
    args: argparse.Namespace, model: CheckpointEmbeddings, vocabulary: Vocabulary, identity: dict[str, str | None]
) -> dict[str, Any]:
    from fairseq_alignmlm.evaluation.retrieval import translation_retrieval
    from fairseq_alignmlm.evaluation.signature import signature

    gold = _translations(args.held_out, vocabulary)
    training = _translations(args.dictionary, vocabulary) if args.dictionary is not None else {}
    kept = {word: words for word, words in gold.items() if word not in training}
    if not kept:
        raise InputError.at(args.held_out, None, "every word of it is in the training dictionary", "hold words out")
    candidates = [word for words in (*training.values(), *gold.values()) for word in words]
    scores = translation_retrieval(model.words.to(args.device), kept, candidates)
    mark = signature(task="translation", metric="precision", n=scores.words, **identity)
    print(
        f"word translation: {scores.words:,} held-out words ({len(gold) - len(kept):,} of the training dictionary"
        f" left out) among {scores.candidates:,} candidates, percent"
    )
    _print_precision(scores)
    print(f"  {mark}")
    result = {"retrieval": asdict(scores), "retrieval_signature": mark}
    # Pieces that a word shares with its translation make the two alike even in an untrained model.
    distinct = {word: words for word, words in kept.items() if set(word).isdisjoint(chain.from_iterable(words))}
    if distinct and len(distinct) < len(kept):
        without_shared = translation_retrieval(model.words.to(args.device), distinct, candidates)
        print(f"of these {without_shared.words:,} words that share no piece with a translation, percent")
        _print_precision(without_shared)
        result["retrieval_no_shared_piece"] = asdict(without_shared)
    return result


def _print_precision(scores: RetrievalScores) -> None:
    print(f"  cosine  P@1 {scores.cosine_at_1:6.2f}   P@5 {scores.cosine_at_5:6.2f}")
    print(f"  CSLS    P@1 {scores.csls_at_1:6.2f}   P@5 {scores.csls_at_5:6.2f}")


def _translations(path: Path, vocabulary: Vocabulary) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary

    entries = BilingualDictionary.load(path).to_indices(vocabulary.index_of)
    found: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for source, target in zip(entries.source.tolist(), entries.target.tolist(), strict=True):
        word = tuple(piece for piece in source if piece >= 0)
        found.setdefault(word, []).append(tuple(piece for piece in target if piece >= 0))
    return found
