"""Find what would make prediction files score wrongly in silence."""

from __future__ import annotations

import argparse
import sys

SUMMARY = "check prediction files before they are scored"
ORDER = 32
EXAMPLE = "alignmlm check --task udpos --predictions test-en.tsv --gold valid.tsv --language en"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from fairseq_alignmlm.evaluation.scoring import add_file_arguments

    add_file_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line for every problem; return 0 for sound files, 1 for unsound ones."""
    from fairseq_alignmlm.evaluation.scoring import ALL, find_pairs, find_problems
    from fairseq_alignmlm.evaluation.xtreme_tasks import task_named

    if args.task == ALL:
        return _check_all(args)
    task = task_named(args.task)
    pairs = find_pairs(args.predictions, args.gold, task, args.split, args.language, args.languages)
    problems = find_problems(pairs, task)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems in {len(pairs.predictions)} files", file=sys.stderr)
        return 1
    print(f"{task.name}: {len(pairs.predictions)} files are sound: {', '.join(pairs.predictions)}")
    return 0


def _check_all(args: argparse.Namespace) -> int:
    from fairseq_alignmlm.evaluation.overall import problems_of, tasks_in

    tasks = tasks_in(args.predictions, args.gold, args.split)
    problems = problems_of(tasks)
    for problem in problems:
        print(problem)
    files = sum(len(pairs.predictions) for pairs in tasks.values())
    if problems:
        print(f"{len(problems)} problems in {files} files", file=sys.stderr)
        return 1
    print(f"{files} files of {len(tasks)} tasks are sound: {', '.join(tasks)}")
    return 0
