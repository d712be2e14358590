"""Make a dictionary of two real languages from MUSE, XLing-Eval or Wiktionary files."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from fairseq_alignmlm.command_line import add_vocabulary
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity, hash_file
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.dictionary import write_dictionary
from fairseq_alignmlm.lexicon.vocabulary import read_symbols
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.storage import sha256_of

from ..manifest import Step, read_record, run_step
from ..pair_identity import of_dictionary
from ..vocabulary.dictionaries import formats
from ..vocabulary.dictionaries.conversion import UNKNOWN_PIECE, Conversion, Entry, Filters, convert, split
from ..vocabulary.dictionaries.coverage import count_words, direction_of_words
from ..vocabulary.dictionaries.reading import Problem, WordPair, read
from ..vocabulary.dictionaries.segmentation import Segmenter

SUMMARY = "make a dictionary of two real languages from MUSE, XLing-Eval or Wiktionary files"
ORDER = 32
EXAMPLE = (
    "alignmlm-data translations --input en-fr.txt --model PAIR/spm.model --vocab PAIR/bin/dict.txt"
    " --output PAIR/dictionary.tsv"
)
_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--input", type=Path, nargs="+", required=True, metavar="FILE", help="dictionaries, L1 to L2")
    parser.add_argument("--format", default="auto", help="auto (default), or one of: " + formats.summaries())
    parser.add_argument("--invert", action="store_true", help="the files go from L2 to L1")
    parser.add_argument("--model", type=Path, required=True, metavar="spm.model", help="the vocabulary's own model")
    add_vocabulary(parser, "bin/dict.txt of the pair")
    parser.add_argument(
        "--l2-symbols",
        type=Path,
        metavar="symbols.L2.tsv",
        help="table of L2's own symbols, which `encode --symbols separate` writes",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="e.g. dictionary.tsv")
    parser.add_argument("--max-words", type=int, default=1, help="words a side (default: 1)")
    parser.add_argument("--max-pieces", type=int, default=4, help="pieces a side (default: 4)")
    parser.add_argument("--lowercase", action="store_true", help="for an uncased vocabulary")
    parser.add_argument(
        "--held-out",
        type=float,
        default=0.0,
        metavar="FRACTION",
        help="share of the L1 words that is kept for measuring, less than 1 (default: 0: all entries are for training, "
        "and the file of those that an earlier run held out is removed)",
    )
    parser.add_argument(
        "--held-out-output",
        type=Path,
        metavar="FILE",
        help="file of the held-out entries (default: the output's name with .held_out before .tsv)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed that draws the held-out words (default: 1)")
    parser.add_argument(
        "--languages",
        metavar="L1,L2",
        help="the two languages, L1 on the left (default: those of --dict, if it has two)",
    )
    parser.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        help="L1 text: report how much of it is covered; with both, check direction",
    )
    parser.add_argument("--l2-text", type=Path, metavar="FILE", help="L2 text: the same")


def run(args: argparse.Namespace) -> int:
    """Read, convert, split, write, and print what became of every entry."""
    if args.max_words < 1 or args.max_pieces < 1:
        raise InputError("--max-words and --max-pieces must be 1 or more")
    if not 0 <= args.held_out < 1:
        raise InputError(f"--held-out {args.held_out}: give a number from 0 (keep none) to less than 1")
    held_out_output = args.held_out_output or args.output.with_suffix(f".held_out{args.output.suffix}")
    identity = _identity(args)
    step = Step(
        name="translations",
        outputs=[args.output, *([held_out_output] if args.held_out else [])],
        inputs=[*args.input, args.model, args.dict, *filter(None, (args.l2_symbols, args.text, args.l2_text))],
        settings={
            "format": args.format,
            "invert": args.invert,
            "max_words": args.max_words,
            "max_pieces": args.max_pieces,
            "lowercase": args.lowercase,
            "held_out": args.held_out,
            "texts": [bool(args.text), bool(args.l2_text)],
            "identity": identity.as_json(),
        },
        seed=args.seed,
        libraries=["sentencepiece" if args.model.suffix == ".model" else "tokenizers"],
    )
    before = read_record(args.output) or {}
    if run_step(step, lambda outputs: _build(args, identity, outputs)) and not args.held_out:
        _remove_held_out(held_out_output, before)
    return 0


def _remove_held_out(path: Path, before: dict[str, Any]) -> None:
    """Remove the held-out entries that an earlier run kept from training: they are trained on now."""
    if path.is_file() and {"path": path.name, "sha256": sha256_of(path)} in before.get("outputs", []):
        path.unlink()
        print(f"translations: removed {path}: its entries are no longer held out")


def _identity(args: argparse.Namespace) -> Identity:
    """Return what the dictionaries will say of themselves, once the files are seen to belong together."""
    data = Identity.of_dict(args.dict)
    own = Identity(sentencepiece=hash_file(args.model))
    data.require(own, args.model, str(args.dict), "give the model that the vocabulary is made with", ("sentencepiece",))
    told = Identity.of_header(args.l2_symbols) if args.l2_symbols else None
    if told:
        own.require(told, args.l2_symbols, str(args.model), "run `encode` again", ("sentencepiece",))
    languages = args.languages.split(",") if args.languages else data.languages
    if args.languages and (len(set(languages)) != 2 or not all(languages)):
        raise InputError(f"--languages {args.languages}: give two, L1,L2")
    return of_dictionary(replace(data, sentencepiece=own.sentencepiece), languages if len(languages) == 2 else ())


def _build(args: argparse.Namespace, identity: Identity, outputs: list[Path]) -> dict[str, Any]:
    """Write the dictionaries to ``outputs`` and return the counts for the manifest."""
    vocabulary = frozenset(read_symbols(args.dict, "give bin/dict.txt of the pair"))
    segmenter = Segmenter(args.model, vocabulary)
    l2 = Segmenter(args.model, vocabulary, dict(read_counterparts(args.l2_symbols))) if args.l2_symbols else segmenter
    malformed: defaultdict[str, list[Problem]] = defaultdict(list)
    items = chain.from_iterable(read(path, args.format, args.invert) for path in args.input)
    conversion = convert(
        track(_noting(items, malformed), "translations", unit="entries"),
        segmenter.pieces,
        Filters(args.max_words, args.max_pieces, args.lowercase),
        l2.pieces,
    )
    _warn(malformed)
    if 2 * conversion.dropped[UNKNOWN_PIECE] > conversion.read:
        print("warning: the vocabulary cannot spell most entries: was it made for these languages?", file=sys.stderr)
    if not conversion.entries:
        raise InputError.at(
            args.input[0],
            1,
            f"no usable entry ({_reasons(conversion.dropped)})",
            "check --format, and that --model and --dict are of the same vocabulary",
        )
    training, held_out = split(conversion.entries, args.held_out, args.seed)
    if not training or (args.held_out and not held_out):
        raise InputError.at(args.input[0], None, f"too few words for --held-out {args.held_out}", "give more entries")
    counts = _counts(conversion, training, held_out, args)
    names = ", ".join(file.name for file in args.input)
    parts = {"training" if args.held_out else "all": training, "held-out": held_out}
    for path, (part, entries) in zip(outputs, parts.items(), strict=False):
        comment = f"{part} entries of {names}; L1 pieces TAB L2 pieces"
        pieces = ((" ".join(entry.source), " ".join(entry.target)) for entry in entries)
        write_dictionary(path, pieces, [identity.comment(), comment])
    _report(counts)
    return counts


def _noting(
    items: Iterable[WordPair | Problem], malformed: defaultdict[str, list[Problem]]
) -> Iterator[WordPair | Problem]:
    for item in items:
        if isinstance(item, Problem) and item.malformed:
            malformed[item.reason].append(item)
        yield item


def _warn(malformed: dict[str, list[Problem]]) -> None:
    for reason, problems in malformed.items():
        places = ", ".join(f"{problem.path}:{problem.line}" for problem in problems[:_SHOWN])
        more = f" and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
        print(f"warning: {reason}: {places}{more}", file=sys.stderr)


def _reasons(dropped: Counter[str]) -> str:
    return ", ".join(f"{count:,} x {reason}" for reason, count in dropped.most_common()) or "none read"


def _counts(
    conversion: Conversion, training: list[Entry], held_out: list[Entry], args: argparse.Namespace
) -> dict[str, Any]:
    entries = conversion.entries
    counts: dict[str, Any] = {
        "read": conversion.read,
        "usable": len(entries),
        "dropped": dict(conversion.dropped.most_common()),
        "l1_words": len({entry.source for entry in entries}),
        "training": {"entries": len(training), "l1_words": len({entry.source for entry in training})},
        "held_out": {"entries": len(held_out), "l1_words": len({entry.source for entry in held_out})},
        "one_piece_a_side": sum(len(entry.source) == len(entry.target) == 1 for entry in entries),
    }
    sides = [{entry.source_word for entry in entries}, {entry.target_word for entry in entries}]
    texts = {"l1": args.text, "l2": args.l2_text}
    found = {name: count_words(sides[0] | sides[1], text, args.lowercase) for name, text in texts.items() if text}
    for (name, text), side in zip(texts.items(), sides, strict=True):
        if text:
            tokens, covered = found[name].tokens, found[name].covered(side)
            percent = round(100 * covered / max(1, tokens), 2)
            counts[f"{name}_text"] = {"tokens": tokens, "covered": covered, "percent": percent}
    if len(found) == 2:
        forward, backward = direction_of_words(entries, found["l1"], found["l2"])
        counts["direction"] = {"forward": forward, "backward": backward}
        if backward > forward:
            what = (
                f"goes from L2 to L1: so say {backward:,} of {forward + backward:,} entries by the words of the texts"
            )
            raise InputError.at(args.input[0], None, what, "leave out --invert" if args.invert else "give --invert")
    return counts


def _report(counts: dict[str, Any]) -> None:
    print(f"entries read: {counts['read']:,}, usable: {counts['usable']:,} of {counts['l1_words']:,} L1 words")
    for reason, count in counts["dropped"].items():
        print(f"  dropped {count:,}: {reason}")
    print(f"one piece on either side: {counts['one_piece_a_side']:,} entries")
    for part in ("training", "held_out"):
        print(f"{part}: {counts[part]['entries']:,} entries of {counts[part]['l1_words']:,} L1 words")
    for side in ("l1", "l2"):
        if text := counts.get(f"{side}_text"):
            print(f"{side.upper()} text covered: {text['percent']} % of {text['tokens']:,} tokens")
