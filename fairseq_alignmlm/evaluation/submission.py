"""The archive that XTREME's leaderboard takes: a folder a task, in it a file a language, checked and packed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.answers import read_answers, read_contexts
from fairseq_alignmlm.evaluation.line_checks import line_faults, tag_faults
from fairseq_alignmlm.evaluation.predictions import files_by_language
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind, Task
from fairseq_alignmlm.storage import atomic_path

# where XTREME's folders have the test data of a task
TESTS = {
    "tatoeba": "{0}-en.{0}",
    "bucc2018": "{0}-en.test.{0}",
    "xquad": "xquad.{0}.json",
    "mlqa": "MLQA_V1/test/test-context-{0}-question-{0}.json",
    "tydiqa": "tydiqa-goldp-v1.1-dev/tydiqa.goldp.{0}.dev.json",
}
_DATE = (1980, 1, 1, 0, 0, 0)  # the same predictions give the same bytes


def collect(folders: list[Path]) -> dict[str, dict[str, Path]]:
    """Return the prediction files of every task by language.

    Args:
        folders: each with folders named as tasks.

    Raises:
        InputError: one holds no task, or two hold the same one.
    """
    found: dict[str, dict[str, Path]] = {}
    for folder in folders:
        tasks = [task for task in TASKS.values() if (folder / task.name).is_dir()]
        if not tasks:
            raise InputError.at(folder, None, f"holds none of the folders {', '.join(TASKS)}", "correct --predictions")
        for task in tasks:
            if task.name in found:
                raise InputError.at(folder / task.name, None, f"a second folder of {task.name}", "give one of them")
            found[task.name] = files_by_language(folder, task)
    return found


def missing(found: Mapping[str, Mapping[str, Path]]) -> list[str]:
    """Return what XTREME wants and is not there."""
    lacking = []
    for task in TASKS.values():
        languages = [name for name in task.languages if name not in found.get(task.name, {})]
        if languages:
            lacking.append(task.name if task.name not in found else f"{task.name} ({' '.join(languages)})")
    return lacking


def check(task: Task, language: str, predictions: Path, data: Path | None) -> None:
    """Refuse a file that XTREME's scorer would not read as it is meant.

    Args:
        task: of the file.
        language: of the file.
        predictions: the file.
        data: XTREME's folders, whose test data say how many examples there are; None: these are not compared.

    Raises:
        InputError: with the first fault.
    """
    test = data and data / task.name / TESTS.get(task.name, "test-{0}.tsv").format(language)
    if test is not None and not test.is_file():
        raise InputError.at(test, None, "no such test data", "correct --data, or leave it out")
    for what, line in _faults(task, predictions, test):
        raise InputError.at(predictions, line, what, "predict again")


def _faults(task: Task, predictions: Path, test: Path | None) -> Iterator[tuple[str, int | None]]:
    if task.kind is Kind.ANSWERS:
        answers = read_answers(predictions)
        asked = {key for key, _ in read_contexts(test)} if test is not None else answers.keys()
        if answers.keys() != asked:
            yield f"answers {len(answers):,} questions, {test} asks {len(asked):,}, and they are not the same", None
        return
    find = tag_faults if task.kind is Kind.TAGS else line_faults
    for fault in find(predictions, test or predictions, task):
        yield fault.what, fault.line


def pack(found: Mapping[str, Mapping[str, Path]], output: Path) -> int:
    """Write the archive and return the number of its files."""
    names = {
        f"{task}/test-{language}.{TASKS[task].suffix}": path for task in found for language, path in found[task].items()
    }
    with atomic_path(output) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(names):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, names[name].read_bytes())
    return len(names)
