"""Turn tables of sentence pairs with a header into XTREME's format, for the verb `xtreme`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from ..labelled.pair_tables import LABELS, NAMES, NOT_WANTED, Unusable, read_pair_table
from ..manifest import Step, run_step

SUMMARY = "turn published tables of sentence pairs (NLI) into XTREME's format"
ORDER = 38
EXAMPLE = "alignmlm-data pairs multinli_1.0_train.txt --output xnli-train.tsv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="TABLE", help="with a header; comma-separated as CSV, or TAB-separated"
    )
    parser.add_argument(
        "--columns",
        metavar="FIRST,SECOND,LABEL",
        help=f"names of the columns (default: {'; '.join(' or '.join(names) for names in NAMES)})",
    )
    parser.add_argument(
        "--labels", default=",".join(LABELS), help="what a label may be; other rows are dropped (default: %(default)s)"
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="take only rows that hold VALUE there, such as language=en of XNLI; may be repeated",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="all tables in a row")


def run(args: argparse.Namespace) -> int:
    """Write the examples unless they are up to date."""
    columns = args.columns.split(",") if args.columns else None
    if columns is not None and len(columns) != len(NAMES):
        raise InputError(f"--columns {args.columns}: give three names, separated by commas")
    labels = args.labels.split(",")
    where = dict(_condition(text) for text in args.where)

    def build(outputs: list[Path]) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        first: dict[str, str] = {}
        with open(outputs[0], "w", encoding="utf-8", newline="\n") as handle:
            for path in args.inputs:
                rows = read_pair_table(path, columns, labels, where)
                for pair in track(rows, f"pairs {path.name}", unit="examples"):
                    if isinstance(pair, Unusable):
                        dropped[pair.reason] += 1
                        if pair.reason != NOT_WANTED:
                            first.setdefault(pair.reason, f"{path}:{pair.line}")
                        continue
                    handle.write(f"{pair.first}\t{pair.second}\t{pair.label}\n")
                    counts["examples"] += 1
                    counts[pair.label] += 1
        for reason, place in first.items():
            print(f"warning: left out {dropped[reason]:,} for {reason}, first {place}", file=sys.stderr)
        if not counts["examples"]:
            raise InputError(f"{args.inputs[0]}: no usable example; check --columns, --labels and --where")
        return {**counts, "dropped": dict(dropped)}

    settings = {"columns": columns, "labels": labels} | ({"where": where} if where else {})
    run_step(Step("pairs", [args.output], args.inputs, settings), build)
    return 0


def _condition(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not column or not equals:
        raise InputError(f"--where {text}: give COLUMN=VALUE, such as language=en")
    return column, value
