"""Score prediction files, after checking them."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    from fairseq_alignmlm.evaluation.problems import Problem
    from fairseq_alignmlm.evaluation.scoring import FilePairs

SUMMARY = "score prediction files; every number carries a signature"
ORDER = 34
EXAMPLE = "alignmlm score --task udpos --predictions test-en.tsv --gold valid.tsv --language en"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from fairseq_alignmlm.evaluation.metrics import PROFILE_RULES
    from fairseq_alignmlm.evaluation.scoring import add_file_arguments

    add_file_arguments(parser)
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILE_RULES),
        help="whose rules: paper, or xtreme (default: paper; of all tasks xtreme, whose score that is)",
    )
    parser.add_argument("--source-language", help="language the model was fine-tuned on, for the signature")
    parser.add_argument("--seed", type=int, help="seed of the fine-tuning, for the signature")
    parser.add_argument("--model", type=Path, help="checkpoint that predicted, whose hash goes into the signature")
    parser.add_argument("--json", type=Path, help="write the result here as well")


def run(args: argparse.Namespace) -> int:
    """Check, score, print and write; return the exit status."""
    from fairseq_alignmlm.evaluation.scoring import ALL
    from fairseq_alignmlm.evaluation.signature import short_hash
    from fairseq_alignmlm.storage import sha256_of

    if args.model is not None and not args.model.is_file():
        raise InputError.at(args.model, None, "there is no such checkpoint")
    model = short_hash(sha256_of(args.model)) if args.model is not None else None
    identity = {"split": args.split if args.predictions.is_dir() else None, "seed": args.seed, "model": model}
    return _run_all(args, identity) if args.task == ALL else _run_task(args, identity)


def _run_task(args: argparse.Namespace, identity: dict[str, Any]) -> int:
    from fairseq_alignmlm.evaluation.scoring import find_pairs, find_problems, score_pairs_of_files
    from fairseq_alignmlm.evaluation.xtreme_tasks import task_named

    task = task_named(args.task)
    pairs = find_pairs(args.predictions, args.gold, task, args.split, args.language, args.languages)
    _refuse(find_problems(pairs, task))
    result = score_pairs_of_files(pairs, task, args.profile or "paper", identity, args.source_language)
    _print(result, len(task.languages))
    _write(args.json, result | {"files": _files(pairs)})
    return 0


def _run_all(args: argparse.Namespace, identity: dict[str, Any]) -> int:
    from fairseq_alignmlm.evaluation.overall import PROFILE, overall_score, problems_of, tasks_in
    from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS

    if args.language or args.languages or args.profile not in (None, PROFILE):
        raise InputError(
            "--task all: all languages count, by XTREME's rules; leave --language, --languages and --profile out"
        )
    tasks = tasks_in(args.predictions, args.gold, args.split)
    _refuse(problems_of(tasks))
    result = overall_score(tasks, identity, args.source_language)
    for name, one in result["tasks"].items():
        _print(one, len(TASKS[name].languages))
        print()
    _print_overall(result)
    _write(args.json, result | {"files": {name: _files(pairs) for name, pairs in tasks.items()}})
    return 0


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise InputError(f"{problems[0]}{more}; list them with `python -m fairseq_alignmlm check`")


def _files(pairs: FilePairs) -> dict[str, Any]:
    from fairseq_alignmlm.storage import sha256_of

    return {
        language: {
            "predictions": {"path": str(path), "sha256": sha256_of(path)},
            "gold": {"path": str(pairs.gold[language]), "sha256": sha256_of(pairs.gold[language])},
        }
        for language, path in pairs.predictions.items()
    }


def _write(path: Path | None, result: dict[str, Any]) -> None:
    from fairseq_alignmlm import __version__
    from fairseq_alignmlm.storage import write_json

    if path is not None:
        result["versions"] = {"fairseq_alignmlm": __version__, "python": platform.python_version()}
        result["command"] = ["python", "-m", "fairseq_alignmlm", *sys.argv[1:]]
        write_json(path, result)


def _range(ends: Sequence[float]) -> str:
    return f"[{ends[0]:.1f}, {ends[1]:.1f}]"


def _print_overall(result: dict[str, Any]) -> None:
    from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS

    print("XTREME, percent, 95 % bootstrap intervals over sentences")
    for name, one in result["tasks"].items():
        share = f"{len(one['languages'])} of {len(TASKS[name].languages)} languages"
        print(f"  {name:16}{one['score']:8.2f}  {_range(one['interval']):16}{share:>22}  {one['metric']}")
    for name, group in result["groups"].items():
        print(f"  {name:16}{group['score']:8.2f}  {_range(group['interval'])}")
    if result["score"] is not None:
        print(f"  {'overall':16}{result['score']:8.2f}  {_range(result['interval'])}")
        return
    lacking = ", ".join(
        name if len(languages) == len(TASKS[name].languages) else f"{name} ({len(languages)} languages)"
        for name, languages in result["missing"].items()
    )
    print(f"no overall score: it needs every language of every task; missing: {lacking}")


def _print(result: dict[str, Any], languages_of_task: int) -> None:
    columns = [metric for metric in result["mean"] if "precision_" not in metric and "recall_" not in metric]
    names = list(result["languages"])
    width = max(9, *map(len, names)) + 2
    print(f"{result['task']}, profile {result['profile']}, percent")
    print(" " * width + "".join(f"{column:>18}" for column in columns) + f"{'n':>9}  95 % of {result['metric']}")
    for name, entry in result["languages"].items():
        values = "".join(f"{entry['scores'][column]:18.2f}" for column in columns)
        print(f"{name:{width}}{values}{entry['n']:9,}  {_range(entry['interval'])}")
    if len(names) > 1:
        print(f"{'mean':{width}}" + "".join(f"{result['mean'][column]:18.2f}" for column in columns))
    missing = languages_of_task - len(names)
    if result["profile"] == "xtreme" and missing > 0:
        print(f"the mean is over {len(names)} of the task's {languages_of_task} languages")
    print(f"score {result['score']:.2f} {_range(result['interval'])}  {result['signature']}")
