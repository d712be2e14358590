"""What makes a prediction file score wrongly in silence, found before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from fairseq_alignmlm.evaluation.answers import read_gold_answers, read_json
from fairseq_alignmlm.evaluation.identifier_checks import index_faults, pair_faults
from fairseq_alignmlm.evaluation.line_checks import gold_label_faults, line_faults, tag_faults
from fairseq_alignmlm.evaluation.predictions import filled_lines
from fairseq_alignmlm.evaluation.problems import Fault, Problem, first_of_each
from fairseq_alignmlm.evaluation.xtreme_tasks import Kind, Task


def check_file(predictions: Path, gold: Path, task: Task) -> list[Problem]:
    """Find every fault of one prediction file that XTREME's scorer would pass over.

    Args:
        predictions: the file to be scored.
        gold: its gold file, with or without the tokens or sentences.
        task: the task both belong to.

    Returns:
        One problem of each kind, with its first line and its count; none for a sound file.

    Raises:
        InputError: when a file is missing, not UTF-8 or, for answers, not JSON.
    """
    if predictions.exists() and gold.exists() and predictions.samefile(gold):
        return [Problem(predictions, None, "is the gold file itself: give the predictions of a model")]
    if task.kind is Kind.ANSWERS:
        return _check_answers(predictions, gold)
    if not any(filled_lines(gold)):
        return [Problem(gold, None, "the gold file holds no sentence: there is nothing to score")]
    return [
        *first_of_each(gold_label_faults(gold, task), gold),
        *first_of_each(_faults(predictions, gold, task), predictions),
    ]


def _faults(predictions: Path, gold: Path, task: Task) -> Iterator[Fault]:
    if task.kind is Kind.TAGS:
        return tag_faults(predictions, gold, task)
    lines = line_faults(predictions, gold, task)
    if task.kind is Kind.INDICES:
        return chain(lines, index_faults(predictions, gold))
    return chain(lines, pair_faults(predictions, gold)) if task.kind is Kind.PAIRS else lines


def _check_answers(predictions: Path, gold: Path) -> list[Problem]:
    truth = read_gold_answers(gold)
    unlabelled = [key for key, answers in truth.items() if not any(answers)]  # XTREME blanks those of its test files
    if not truth or unlabelled:
        what = f"question {unlabelled[0]!r} has no answer" if truth else "the gold file holds no question"
        return [Problem(gold, None, f"{what}: there is nothing to score", len(unlabelled) or 1)]
    found = read_json(predictions)
    if not isinstance(found, dict):
        return [Problem(predictions, None, 'is not a JSON object: write {"question id": "answer", ...}')]

    def faults() -> Iterator[Fault]:
        for key in truth:
            if key not in found:
                what = f"question {key!r} is not answered and would score 0; an answer may be empty"
                yield Fault("unanswered", None, what)
        for key, answer in found.items():
            if key not in truth:
                yield Fault("unknown", None, f"{key!r} is no question of {gold}")
            if not isinstance(answer, str):
                yield Fault("text", None, f"the answer to {key!r} is not a text")

    return first_of_each(faults(), predictions)


def check_languages(
    predictions: dict[str, Path], gold: dict[str, Path], place: Path, required: tuple[str, ...] = ()
) -> list[Problem]:
    """Find languages without predictions or without gold labels.

    Args:
        predictions: prediction files by language.
        gold: gold files by language.
        place: the folder of the predictions, for the message.
        required: languages that both must have, and that alone count; by default those of ``gold``.
    """
    wanted = required or tuple(gold)
    problems = [
        Problem(place, None, f"language {language} is missing: the mean would leave it out")
        for language in wanted
        if language not in predictions
    ]
    problems += [
        Problem(path, None, f"there are no gold labels for language {language}")
        for language, path in predictions.items()
        if language not in gold and not required
    ]
    problems += [
        Problem(place, None, f"there are no gold labels for language {language}")
        for language in required
        if language not in gold
    ]
    return problems
