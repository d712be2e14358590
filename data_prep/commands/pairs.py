"""Turn tables of sentence pairs with a header into XTREME's format, for the verb `xtreme`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from ..labelled.pair_tables import LABELS, NAMES, Unusable, read_pair_table
from ..manifest import Step, run_step

SUMMARY = "turn published tables of sentence pairs (NLI) into XTREME's format"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="TABLE", help="with a header, TAB- or comma-separated, quoted as CSV"
    )
    parser.add_argument(
        "--columns",
        metavar="FIRST,SECOND,LABEL",
        help=f"names of the columns (default: {'; '.join(' or '.join(names) for names in NAMES)})",
    )
    parser.add_argument(
        "--labels", default=",".join(LABELS), help="what a label may be; other rows are dropped (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="all tables in a row")


def run(args: argparse.Namespace) -> int:
    """Write the examples unless they are up to date."""
    columns = args.columns.split(",") if args.columns else None
    if columns is not None and len(columns) != len(NAMES):
        raise InputError(f"--columns {args.columns}: give three names, separated by commas")
    labels = args.labels.split(",")

    def build(outputs: list[Path]) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        first: dict[str, str] = {}
        with open(outputs[0], "w", encoding="utf-8", newline="\n") as handle:
            for path in args.inputs:
                for pair in track(read_pair_table(path, columns, labels), f"pairs {path.name}", unit="examples"):
                    if isinstance(pair, Unusable):
                        dropped[pair.reason] += 1
                        first.setdefault(pair.reason, f"{path}:{pair.line}")
                        continue
                    handle.write(f"{pair.first}\t{pair.second}\t{pair.label}\n")
                    counts["examples"] += 1
                    counts[pair.label] += 1
        for reason, place in first.items():
            print(f"warning: left out {dropped[reason]:,} for {reason}, first {place}", file=sys.stderr)
        if not counts["examples"]:
            raise InputError(f"{args.inputs[0]}: no usable example; check --columns and --labels")
        return {**counts, "dropped": dict(dropped)}

    run_step(Step("pairs", [args.output], args.inputs, {"columns": columns, "labels": labels}), build)
    return 0
