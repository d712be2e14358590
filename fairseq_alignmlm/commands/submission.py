"""Pack predictions for XTREME's leaderboard, after checking them."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "check predictions and pack them as XTREME's leaderboard takes them"
ORDER = 35
EXAMPLE = "alignmlm submission --predictions work/xtreme/*/predictions --data xtreme --output submission.zip"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = "folders that hold TASK/test-LANGUAGE.tsv, or .json; a task in one of them only"
    parser.add_argument("--predictions", type=Path, nargs="+", required=True, metavar="DIR", help=what)
    what = "XTREME's folders (alignmlm-data arrange), whose test data say how many examples there are"
    parser.add_argument("--data", type=Path, metavar="DIR", help=what)
    what = "pack what is there (default: refuse unless all nine tasks have all their languages)"
    parser.add_argument("--partial", action="store_true", help=what)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the archive, .zip")


def run(args: argparse.Namespace) -> int:
    """Check and pack; return the exit status."""
    from fairseq_alignmlm.errors import InputError
    from fairseq_alignmlm.evaluation.submission import check, collect, missing, pack
    from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS

    found = collect(args.predictions)
    lacking = missing(found)
    if lacking and not args.partial:
        raise InputError(f"missing: {', '.join(lacking)}; predict these too, or give --partial")
    for task, files in found.items():
        for language, path in files.items():
            check(TASKS[task], language, path, args.data)
    count = pack(found, args.output)
    print(f"{args.output}: {count} files of {len(found)} tasks")
    if lacking:
        print(f"missing, so no overall score: {', '.join(lacking)}")
    return 0
