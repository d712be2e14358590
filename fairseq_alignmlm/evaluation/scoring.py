"""From files or folders of predictions and gold labels to checked, signed scores."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.interval import interval, resampled_languages
from fairseq_alignmlm.evaluation.metrics import (
    PROFILE_RULES,
    main_metric,
    mean_over_languages,
    score_file,
)
from fairseq_alignmlm.evaluation.origin import verify_origin
from fairseq_alignmlm.evaluation.predictions import files_by_language
from fairseq_alignmlm.evaluation.problems import Problem
from fairseq_alignmlm.evaluation.signature import signature
from fairseq_alignmlm.evaluation.validity import check_file, check_languages
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind, Task

ALL = "all"  # tasks


@dataclass(frozen=True)
class FilePairs:
    """Prediction and gold files by language.

    Attributes:
        predictions: the files to score.
        gold: their gold files.
        place: of the predictions, for messages.
        required: languages that both must have; by default those of ``gold``.
    """

    predictions: dict[str, Path]
    gold: dict[str, Path]
    place: Path
    required: tuple[str, ...] = ()


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``score`` and ``check`` share."""
    parser.add_argument("--task", required=True, help=f"{', '.join(TASKS)}; pos, ner, nli; all")
    parser.add_argument("--predictions", type=Path, required=True, help="prediction file, or folder of them")
    parser.add_argument("--gold", type=Path, required=True, help="gold file, or folder of them")
    parser.add_argument(
        "--split",
        default="test",
        help="files are named <split>-<language>.tsv, .json for questions (default: %(default)s)",
    )
    parser.add_argument("--language", help="language of single files (default: from the gold file's name)")
    parser.add_argument(
        "--languages",
        help="languages that must be there and alone count, comma-separated, or `all` of XTREME's (default: gold's)",
    )


def find_pairs(
    predictions: Path, gold: Path, task: Task, split: str, language: str | None, languages: str | None = None
) -> FilePairs:
    """Pair prediction files with gold files: two files, or two folders.

    Args:
        predictions: file or folder.
        gold: file or folder.
        task: their task.
        split: of the files in folders.
        language: of two files; by default what follows the last hyphen of the gold file's name.
        languages: comma-separated languages that must be there, or ``all`` of the task's; others are left out.

    Raises:
        InputError: when one is missing, one is a file and the other a folder, or two files are of an unknown language.
    """
    for path in (predictions, gold):
        if not path.exists():
            raise InputError.at(path, None, "there is no such file or folder")
    if predictions.is_dir() != gold.is_dir():
        raise InputError(f"give two files or two folders, not {predictions} and {gold}")
    required = task.languages if languages == "all" else tuple(filter(None, (languages or "").split(",")))

    def counted(files: dict[str, Path]) -> dict[str, Path]:
        return {name: path for name, path in files.items() if not required or name in required}

    if predictions.is_dir():
        found, truth = (files_by_language(folder, task, split) for folder in (predictions, gold))
        return FilePairs(counted(found), counted(truth), predictions, required)
    name = language or (gold.stem.rpartition("-")[2] if "-" in gold.stem else "")
    if not name:
        raise InputError.at(gold, None, "its name ends in no -<language>", "give --language")
    return FilePairs(counted({name: predictions}), counted({name: gold}), predictions.parent, required)


def find_problems(pairs: FilePairs, task: Task) -> list[Problem]:
    """Return every problem of every file, and every missing language.

    Args:
        pairs: the files.
        task: their task.
    """
    problems = check_languages(pairs.predictions, pairs.gold, pairs.place, pairs.required)
    for language, path in pairs.predictions.items():
        if language in pairs.gold:
            problems += check_file(path, pairs.gold[language], task)
    return problems


def score_pairs_of_files(
    pairs: FilePairs, task: Task, profile: str, identity: dict[str, Any], source: str | None = None
) -> dict[str, Any]:
    """Score files that have passed `find_problems`.

    Args:
        pairs: the files.
        task: their task.
        profile: ``paper`` or ``xtreme``, a key of `PROFILE_RULES`.
        identity: further signature fields: seed, model, split.
        source: the language the model was fine-tuned on.

    Returns:
        What ``score --json`` writes: for each language its scores in percent, the number of sentences, the 95 %
        interval of the main metric and the signature; their unweighted mean; and the main metric with the task's score
        and its interval.

    Raises:
        InputError: when a name cannot stand in a signature, or a file's record says that it is something else.
    """
    metric = main_metric(task, profile)
    spelled = "span-f1" if task.kind is Kind.TAGS else metric
    rule = PROFILE_RULES[profile] if task.kind is Kind.TAGS else None
    order = [language for language in task.languages if language in pairs.predictions]
    order += [language for language in pairs.predictions if language not in order]

    def sign(target: str, count: int) -> str:
        direction = f"{source}>{target}" if source else target
        fields = {"task": task.name, "dir": direction, "profile": profile, "metric": spelled, "rule": rule}
        return signature(**fields, n=count, **identity)

    for language in order:
        sign(language, 0)  # a name that cannot stand there is told before the work
    verified = {
        language: verify_origin(
            pairs.predictions[language],
            pairs.gold[language],
            task.kind is Kind.TAGS,
            language,
            identity.get("model"),
            source,
        )
        for language in order
    }
    languages: dict[str, Any] = {}
    for language in order:
        scores, count = score_file(pairs.predictions[language], pairs.gold[language], task, language)
        languages[language] = {"scores": scores, "n": count, "signature": sign(language, count)}
    mean = mean_over_languages({language: entry["scores"] for language, entry in languages.items()})
    if task.kind is Kind.ANSWERS:  # as XTREME: of the two means, not the mean of the languages' own
        mean["mean_of_both"] = (mean["exact_match"] + mean["f1"]) / 2
    samples = resampled_languages({name: pairs.predictions[name] for name in order}, pairs.gold, task, profile)
    for language, scores_of_resamples in samples.items():
        languages[language]["interval"] = list(interval(scores_of_resamples))
    total = sum(entry["n"] for entry in languages.values())
    joined = order[0] if len(order) == 1 else f"mean-of-{len(order)}"
    return {
        "task": task.name,
        "profile": profile,
        "metric": metric,
        "score": mean[metric],
        "interval": list(interval(sum(samples.values()) / len(samples))),
        "mean": mean,
        "languages": languages,
        "verified": verified,
        "signature": sign(joined, total),
    }
