"""Labels of the right kind: those of another task would train for hours and mean nothing."""

from __future__ import annotations

from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS


class LabelKind:
    """The labels that a task of XTREME has, checked one by one as they are read.

    Args:
        task: its name in XTREME.
    """

    def __init__(self, task: str) -> None:
        self._task = TASKS[task]
        self._seen: set[str] = set()

    def check(self, label: str, path: Path, line: int) -> None:
        """Refuse a label that the task has not.

        Raises:
            InputError: with the line, and the tasks that have such a label.
        """
        if label in self._seen:
            return
        if label not in self._task.labels:
            others = [name for name, task in TASKS.items() if label in task.labels]
            remedy = f"give --task {' or '.join(others)}, or other data" if others else "convert the labels"
            known = f"{self._task.name} ({self._task.title}: {', '.join(self._task.labels)})"
            raise InputError.at(path, line, f"{label!r} is no label of {known}", remedy)
        self._seen.add(label)
