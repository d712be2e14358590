"""Turn a raw corpus into sentences of words: text/LANGUAGE/{train,valid}.txt of a pair."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from .. import arguments
from ..manifest import Step, run_step
from ..pair import SPLITS, Pair, check_language
from ..text.documents import FORMATS, detect_format, find_files, read_documents
from ..text.sentences import TokenisedDocument, batches, is_valid, make_batch_tokeniser, with_splits
from ..text.tokenisation import TOKENISERS, Tokeniser
from ..worker_pool import ordered_map

SUMMARY = "cut a raw corpus into sentences and words"
ORDER = 14
EXAMPLE = "alignmlm-data sentences --pair PAIR text.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="files, or folders that are searched")
    arguments.add_pair(parser)
    arguments.add_language(parser)
    parser.add_argument(
        "--format",
        choices=("auto", *FORMATS),
        default="auto",
        help="wikiextractor <doc> files; wikitext, in which ` = Title = ` begins a document; plain text, a paragraph a "
        "line, or lines, a sentence a line, in which a blank line ends one (default: auto, found out for every file)",
    )
    parser.add_argument(
        "--tokeniser", choices=TOKENISERS, default="moses", help="none: words are separated by spaces already"
    )
    valid = parser.add_mutually_exclusive_group()
    valid.add_argument(
        "--valid-every",
        type=arguments.positive,
        metavar="N",
        help="one document of N is for validation, drawn at random, and at least one of all (default: 100)",
    )
    valid.add_argument("--valid-fraction", type=arguments.share, metavar="F", help="this share of the documents")
    valid.add_argument("--valid-input", type=Path, nargs="+", metavar="PATH", help="these files or folders instead")
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the two files unless they are up to date."""
    skipped: Counter[str] = Counter()
    files = {"train": find_files(args.inputs, skipped)}
    if args.valid_input:
        files["valid"] = find_files(args.valid_input, skipped)
    every = args.valid_every or (None if args.valid_fraction is not None else 100)
    settings = {
        "language": check_language(args.language),
        "format": args.format,
        "tokeniser": args.tokeniser,
        "valid": "own files" if args.valid_input else {"every": every, "fraction": args.valid_fraction},
    }
    step = Step(
        "sentences",
        outputs=[Pair(args.pair).text(args.language)],
        inputs=[file for part in files.values() for file in part],
        settings=settings,
        seed=args.seed,
        libraries=("sentencex", "sacremoses"),
        folder=True,
    )

    def build(folders: list[Path]) -> dict[str, Any]:
        def drawn(document: TokenisedDocument) -> bool:
            return is_valid(document.number, args.seed, every, args.valid_fraction or 0.0)

        counts: Counter[str] = Counter()
        dropped: Counter[str] = Counter(skipped)
        formats: Counter[str] = Counter()
        with ExitStack() as stack:
            handles = {split: stack.enter_context(_writer(folders[0] / f"{split}.txt")) for split in SPLITS}
            for split, part in files.items():
                stream = _tokenised(part, args, formats, dropped)
                documents = track(stream, f"sentences of {args.language}", unit="documents")
                own = (
                    ((document, split) for document in documents) if args.valid_input else with_splits(documents, drawn)
                )
                for document, place in own:
                    _write(document, place, handles[place], counts)
        _check_counts(counts, args)
        return {**counts, "formats": dict(formats), "dropped": dict(dropped)}

    run_step(step, build)
    return 0


def _writer(path: Path) -> TextIO:
    return open(path, "w", encoding="utf-8", newline="\n")


def _tokenised(
    files: list[Path], args: argparse.Namespace, formats: Counter[str], dropped: Counter[str]
) -> Iterator[TokenisedDocument]:
    def formatted() -> Iterator[tuple[Path, str]]:
        tokeniser = Tokeniser(args.language, "none")
        for path in files:
            form = detect_format(path, tokeniser.sentences) if args.format == "auto" else args.format
            formats[form] += 1
            yield path, form

    documents = read_documents(formatted(), dropped)
    make = partial(make_batch_tokeniser, args.language, args.tokeniser)
    for batch in ordered_map(make, batches(documents), args.workers):
        for document in batch:
            if document.sentences:
                yield document
            else:
                dropped["documents without words"] += 1


def _write(document: TokenisedDocument, split: str, handle: TextIO, counts: Counter[str]) -> None:
    if counts[f"{split} documents"]:
        handle.write("\n")
    handle.write(document.text)
    counts[f"{split} documents"] += 1
    counts[f"{split} sentences"] += document.sentences
    counts[f"{split} words"] += document.words


def _check_counts(counts: Counter[str], args: argparse.Namespace) -> None:
    corpus = ", ".join(map(str, args.inputs))
    documents = counts["train documents"] + counts["valid documents"]
    if not documents:
        raise InputError(f"{corpus}: empty corpus: no sentence in any file; check the path and --format")
    for split in SPLITS:
        if not counts[f"{split} documents"]:
            raise InputError(
                f"{corpus}: no document for {split} among {documents}; separate documents by blank lines, change "
                "--valid-every or --valid-fraction, or give --valid-input"
            )
