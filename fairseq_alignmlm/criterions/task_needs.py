"""What a criterion needs of its task, said in one line where the task is another one."""

from __future__ import annotations

from typing import Any

from fairseq_alignmlm.errors import InputError

PRETRAINING: tuple[str, ...] = ("languages",)
FINE_TUNING: tuple[str, ...] = ("head",)
_TASKS = {
    PRETRAINING: "--task multilingual_mlm",
    FINE_TUNING: "--task xtreme_tagging, xtreme_classification or xtreme_answering",
}


def require_task(criterion: object, task: Any, needs: tuple[str, ...]) -> None:
    """Refuse a task that lacks what a criterion reads of it.

    Args:
        criterion: which is being built.
        task: any task of fairseq's.
        needs: `PRETRAINING` or `FINE_TUNING`.

    Raises:
        InputError: see above.
    """
    if not all(hasattr(task, name) for name in needs):
        raise InputError(
            f"the criterion {type(criterion).__name__} needs {_TASKS[needs]}; {type(task).__name__} is another task"
        )
