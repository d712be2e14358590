"""Take the sentences out of CoNLL or TSV files, one a line, for the verb `sentences`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.progress import track

from .. import arguments
from ..manifest import Step, run_step
from ..text import readers
from ..text.documents import find_files
from ..text.readers import Skipped

SUMMARY = "take the sentences out of CoNLL or TSV files, one a line"
ORDER = 12
EXAMPLE = "alignmlm-data extract treebank.conllu --format conll --output text.txt"
_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="files, or folders that are searched")
    parser.add_argument("--format", required=True, choices=readers.names(), help=readers.summaries())
    parser.add_argument("--column", type=arguments.positive, metavar="N", help="where the text is, from 1")
    parser.add_argument(
        "--document",
        type=arguments.positive,
        default=50,
        metavar="N",
        help="these formats name no documents: N sentences in a row make one (default: 50)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="a blank line ends a document")


def run(args: argparse.Namespace) -> int:
    """Write the sentences unless they are up to date."""
    skipped_files: Counter[str] = Counter()
    files = find_files(args.inputs, skipped_files)
    settings = {"format": args.format, "column": args.column, "document": args.document}
    run_step(
        Step("extract", outputs=[args.output], inputs=files, settings=settings),
        lambda outputs: _build(files, args, outputs[0], skipped_files),
    )
    return 0


def _build(
    files: list[Path], args: argparse.Namespace, output: Path, skipped_files: Mapping[str, int]
) -> dict[str, Any]:
    """Write ``output`` and return the counts for the manifest."""
    read = readers.load(args.format).read
    counts: Counter[str] = Counter()
    skipped: defaultdict[str, list[str]] = defaultdict(list)
    with open(output, "w", encoding="utf-8", newline="\n") as handle:
        for path in files:
            in_file = 0
            sentences = read((line.text for line in numbered_lines(path)), args.column)
            for sentence in track(sentences, f"extract {path.name}", unit="sentences"):
                if isinstance(sentence, Skipped):
                    skipped[sentence.reason].append(f"{path}:{sentence.line}")
                    continue
                if counts["sentences"] and in_file % args.document == 0:
                    handle.write("\n")
                handle.write(sentence + "\n")
                in_file += 1
                counts["sentences"] += 1
                counts["words"] += len(sentence.split())
    for reason, places in skipped.items():
        more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
        print(f"warning: left out, {reason}: {', '.join(places[:_SHOWN])}{more}", file=sys.stderr)
    dropped = {**skipped_files, **{reason: len(places) for reason, places in skipped.items()}}
    if not counts["sentences"]:
        where = next((places[0] for places in skipped.values()), f"{files[0]}:1")
        raise InputError(f"{where}: no sentence of the format {args.format}; check --format and --column")
    return {**counts, "dropped": dropped}
