"""Score prediction files, after checking them."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

SUMMARY = "score prediction files; every number carries a signature"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from fairseq_alignmlm.evaluation.metrics import PROFILE_RULES
    from fairseq_alignmlm.evaluation.scoring import add_file_arguments

    add_file_arguments(parser)
    parser.add_argument("--profile", choices=sorted(PROFILE_RULES), default="paper", help="default: %(default)s")
    parser.add_argument("--source-language", help="language the model was fine-tuned on, for the signature")
    parser.add_argument("--seed", type=int, help="seed of the fine-tuning, for the signature")
    parser.add_argument("--model", type=Path, help="checkpoint that predicted, whose hash goes into the signature")
    parser.add_argument("--json", type=Path, help="write the result here as well")


def run(args: argparse.Namespace) -> int:
    """Check, score, print and write; return the exit status."""
    from fairseq_alignmlm import __version__
    from fairseq_alignmlm.evaluation.scoring import find_pairs, find_problems, score_pairs_of_files
    from fairseq_alignmlm.evaluation.signature import short_hash
    from fairseq_alignmlm.evaluation.xtreme_tasks import task_named
    from fairseq_alignmlm.storage import sha256_of, write_json

    task = task_named(args.task)
    pairs = find_pairs(args.predictions, args.gold, task, args.split, args.language, args.languages)
    problems = find_problems(pairs, task)
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise InputError(f"{problems[0]}{more}; list them with `python -m fairseq_alignmlm check`")
    if args.model is not None and not args.model.is_file():
        raise InputError.at(args.model, None, "there is no such checkpoint")
    model = short_hash(sha256_of(args.model)) if args.model is not None else None
    identity = {"split": args.split if args.predictions.is_dir() else None, "seed": args.seed, "model": model}
    result = score_pairs_of_files(pairs, task, args.profile, identity, args.source_language)
    _print(result, len(task.languages))
    if args.json is not None:
        result["files"] = {
            language: {
                "predictions": {"path": str(path), "sha256": sha256_of(path)},
                "gold": {"path": str(pairs.gold[language]), "sha256": sha256_of(pairs.gold[language])},
            }
            for language, path in pairs.predictions.items()
        }
        result["versions"] = {"fairseq_alignmlm": __version__, "python": platform.python_version()}
        result["command"] = ["python", "-m", "fairseq_alignmlm", *sys.argv[1:]]
        write_json(args.json, result)
    return 0


def _print(result: dict[str, Any], languages_of_task: int) -> None:
    columns = [metric for metric in result["mean"] if "precision_" not in metric and "recall_" not in metric]
    names = list(result["languages"])
    width = max(9, *map(len, names)) + 2
    print(f"{result['task']}, profile {result['profile']}, percent")
    print(" " * width + "".join(f"{column:>18}" for column in columns) + f"{'n':>9}")
    for name, entry in result["languages"].items():
        values = "".join(f"{entry['scores'][column]:18.2f}" for column in columns)
        print(f"{name:{width}}{values}{entry['n']:9,}")
    if len(names) > 1:
        print(f"{'mean':{width}}" + "".join(f"{result['mean'][column]:18.2f}" for column in columns))
    missing = languages_of_task - len(names)
    if result["profile"] == "xtreme" and missing > 0:
        print(f"the mean is over {len(names)} of the task's {languages_of_task} languages")
    print(f"score {result['score']:.2f}  {result['signature']}")
