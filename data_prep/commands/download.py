"""Fetch public data sets: resumed, checked, safely unpacked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from ..download.catalogue import DATASETS, GROUPS, Dataset, find
from ..download.folder import obtain
from ..download.transfer import Patience

SUMMARY = "fetch public data sets: resumed, checked by sha256, safely unpacked"
ORDER = 5
EXAMPLE = "alignmlm-data download paper --output data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="data sets or groups; --list shows them")
    parser.add_argument("--list", action="store_true", help="show the table (of NAME...: with citations) and stop")
    parser.add_argument("--output", type=Path, metavar="DIR", help="every data set becomes a folder in DIR")
    parser.add_argument(
        "--verified",
        action="store_true",
        help="refuse files of which nobody states a checksum (default: take the first copy as right, with a warning)",
    )
    parser.add_argument("--attempts", type=int, default=5, help="failures in a row before giving up (default: 5)")
    parser.add_argument(
        "--timeout", type=float, default=60.0, help="seconds without a byte before a retry (default: 60)"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch what is named, all of it even when a part fails, and return the exit status."""
    if args.list:
        print("\n".join(_details(dataset) for dataset in find(args.names)) if args.names else _table())
        return 0
    if not args.names or args.output is None:
        raise InputError("give the NAME of a data set and --output DIR; --list shows the table")
    if args.attempts < 1 or args.timeout <= 0:
        raise InputError("--attempts and --timeout must be positive")
    status = 0
    for dataset in find(args.names):
        try:
            new = obtain(dataset, args.output, Patience(args.attempts, timeout=args.timeout), args.verified)
            print(f"{dataset.name}: {'complete' if new else 'up to date'} in {args.output / dataset.name}")
            print(f"  licence: {dataset.licence}\n  cite: {dataset.citation}")
        except (InputError, OSError) as error:  # the others may still be had
            print(f"error: {error}", file=sys.stderr)
            status = max(status, 2 if isinstance(error, InputError) else 1)
    return status


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size else "?"


def _source(dataset: Dataset) -> str:
    if dataset.by_hand:
        return "by hand"
    return "sha256" if all(file.sha256 for file in dataset.files) else "first use"


def _table() -> str:
    rows = [
        (dataset.name, _megabytes(dataset.size), _source(dataset), dataset.title, dataset.licence)
        for dataset in DATASETS.values()
        if not dataset.name.startswith("muse-") or dataset.name in ("muse-annotated", "muse-en-fr")
    ]
    rows.insert(0, ("name", "size", "checked by", "what", "licence"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), f"{row[3]} [{row[4]}]"])
        for row in rows
    ]
    groups = [f"{name} = {' '.join(members)}" for name, members in GROUPS.items()]
    pairs = [name.removeprefix("muse-") for name in DATASETS if name.startswith("muse-") and name != "muse-annotated"]
    return "\n".join([*lines, "", f"muse-A-B also for A-B: {' '.join(pairs)}", "", "groups:", *groups])


def _details(dataset: Dataset) -> str:
    lines = [
        dataset.name,
        f"  {dataset.title}",
        f"  licence: {dataset.licence}",
        f"  cite: {dataset.citation}",
        f"  see: {dataset.homepage}",
    ]
    if dataset.by_hand:
        lines.append(f"  by hand: {dataset.by_hand}")
    for file in dataset.files:
        lines.append(f"  {file.name}: {_megabytes(file.size)}, sha256 {file.sha256 or 'unknown'}")
        lines += [f"    {url}" for url in file.urls]
    return "\n".join(lines)
