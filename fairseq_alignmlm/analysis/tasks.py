"""The transfer tasks as reports show them: their titles, their metrics, their order."""

from __future__ import annotations

TASKS = {"xnli": "XNLI", "ner": "NER", "pos": "POS"}
# the paper's metric first; the others are shown beside it
METRICS = {
    "xnli": {"accuracy": "accuracy"},
    "ner": {"span_f1_1.2.2": "F1"},
    "pos": {"span_f1_1.2.2": "F1", "accuracy": "accuracy"},
}
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
