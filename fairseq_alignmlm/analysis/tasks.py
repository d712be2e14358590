"""The transfer tasks as reports show them: their titles, their metrics, their order."""

from __future__ import annotations

from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER

TASKS = {name: task.title for name, task in TRANSFER.items()}
METRICS = {name: dict(task.metrics) for name, task in TRANSFER.items()}
TRANSFORMATIONS = ("trans", "trans+inv", "trans+syn")


def task_title(task: str) -> str:
    """Return a task's title."""
    return TASKS.get(task, task.upper())


def main_metric(task: str) -> str:
    """Return the metric of a task that the paper reports."""
    return next(iter(METRICS.get(task, {"accuracy": ""})))


def metric_title(task: str, metric: str) -> str:
    """Return how a task's metric is written."""
    return METRICS.get(task, {}).get(metric, metric)


def task_key(task: str) -> tuple[int, str]:
    """Order tasks as the paper does, others after them."""
    return (list(TASKS).index(task), "") if task in TASKS else (len(TASKS), task)


def transformation_key(transformation: str) -> tuple[int, str]:
    """Order transformations as the paper does, others after them."""
    known = transformation in TRANSFORMATIONS
    return (TRANSFORMATIONS.index(transformation), "") if known else (len(TRANSFORMATIONS), transformation)
