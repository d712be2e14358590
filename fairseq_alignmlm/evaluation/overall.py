"""The overall score of XTREME: the mean of its nine tasks, and of their four groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.interval import interval, resampled_languages
from fairseq_alignmlm.evaluation.problems import Problem
from fairseq_alignmlm.evaluation.scoring import FilePairs, find_pairs, find_problems, score_pairs_of_files
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Task

PROFILE = "xtreme"


def tasks_in(predictions: Path, gold: Path, split: str) -> dict[str, FilePairs]:
    """Pair the files of every task of which both folders have a subfolder.

    Raises:
        InputError: when one is no folder, or they share no task.
    """
    for folder in (predictions, gold):
        if not folder.is_dir():
            raise InputError.at(folder, None, "there is no such folder", "give the one that holds those of the tasks")
    names = [name for name in TASKS if (predictions / name).is_dir() and (gold / name).is_dir()]
    if not names:
        what = f"shares no folder of a task with {gold}"
        raise InputError.at(predictions, None, what, f"name the folders {', '.join(TASKS)}")
    return {name: find_pairs(predictions, gold, TASKS[name], split, None) for name in names}


def problems_of(tasks: dict[str, FilePairs]) -> list[Problem]:
    """Return every problem of every file of the tasks."""
    return [problem for name, pairs in tasks.items() for problem in find_problems(pairs, TASKS[name])]


def overall_score(tasks: dict[str, FilePairs], identity: dict[str, Any], source: str | None = None) -> dict[str, Any]:
    """Score tasks whose files have passed `problems_of`, by XTREME's rules.

    Args:
        tasks: the files of every task.
        identity: further signature fields: seed, model, split.
        source: the language the models were fine-tuned on.

    Returns:
        The results of the tasks, as `score_pairs_of_files` gives them; ``groups`` and ``score`` with their intervals,
        each only where all of its tasks have all of their languages; and ``missing``, what is not there.
    """
    results: dict[str, Any] = {}
    samples: dict[str, Any] = {}
    for name, pairs in tasks.items():
        results[name] = score_pairs_of_files(pairs, TASKS[name], PROFILE, identity, source)
        samples[name] = task_samples(pairs, TASKS[name])
    missing = {
        name: [language for language in task.languages if name not in tasks or language not in tasks[name].predictions]
        for name, task in TASKS.items()
    }
    complete = [name for name in TASKS if not missing[name]]
    groups: dict[str, Any] = {}
    for group in dict.fromkeys(task.group for task in TASKS.values()):
        members = [name for name, task in TASKS.items() if task.group == group]
        if set(members) <= set(complete):
            groups[group] = _mean(results, samples, members)
    whole = _mean(results, samples, complete) if len(complete) == len(TASKS) else {"score": None, "interval": None}
    return {
        "profile": PROFILE,
        "tasks": results,
        "groups": groups,
        **whole,
        "missing": {name: languages for name, languages in missing.items() if languages},
    }


def task_samples(pairs: FilePairs, task: Task) -> Any:
    """Return resampled scores of a task, the mean over its languages, of shape (B,)."""
    return np.mean(list(resampled_languages(pairs.predictions, pairs.gold, task, PROFILE).values()), axis=0)


def _mean(results: dict[str, Any], samples: dict[str, Any], names: list[str]) -> dict[str, Any]:
    score = sum(results[name]["score"] for name in names) / len(names)
    return {"score": score, "interval": list(interval(np.mean([samples[name] for name in names], axis=0)))}
