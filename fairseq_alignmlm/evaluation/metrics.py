"""The metrics of every task, from label files or from labels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from fairseq_alignmlm.evaluation.answers import read_answers, read_gold_answers, rule_of, score_answers
from fairseq_alignmlm.evaluation.predictions import read_labels, read_pairs, read_tags
from fairseq_alignmlm.evaluation.span_f1 import RULES, Sentences, span_scores, token_accuracy
from fairseq_alignmlm.evaluation.xtreme_tasks import Kind, Task

PROFILE_RULES = {"paper": "seqeval-1.2.2", "xtreme": "seqeval-0.0.12"}


def score_tags(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """Score tags by token accuracy and by span precision, recall and F1 under both rules.

    Returns:
        Percentages under ``accuracy``, ``span_f1_1.2.2``, ``span_precision_1.2.2``, ``span_recall_1.2.2`` and the
        same with 0.0.12.

    Raises:
        ValueError: when sentences differ in number or length.
    """
    scores = {"accuracy": token_accuracy(gold, predicted)}
    for rule in sorted(RULES, reverse=True):
        version = rule.removeprefix("seqeval-")
        found = span_scores(gold, predicted, rule)
        scores[f"span_f1_{version}"] = found.f1
        scores[f"span_precision_{version}"] = found.precision
        scores[f"span_recall_{version}"] = found.recall
    return scores


def score_labels(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Score labels by accuracy, 0 to 100.

    Raises:
        ValueError: when the numbers of labels differ, or there is none.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(predicted)} predictions for {len(gold)} examples")
    if not gold:
        raise ValueError("there is no example to score")
    right = sum(a == b for a, b in zip(gold, predicted, strict=True))
    return {"accuracy": right / len(gold) * 100}


def score_pairs(gold: Collection[tuple[str, ...]], predicted: Collection[tuple[str, ...]]) -> dict[str, float]:
    """Score mined sentence pairs by precision, recall and F1 of the set, 0 to 100.

    Raises:
        ValueError: when there is no gold pair.
    """
    if not gold:
        raise ValueError("there is no gold pair to find")
    common = len(set(gold) & set(predicted))
    if common == 0:
        return {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = common / len(set(predicted)), common / len(set(gold))
    return {
        "f1": 2 * precision * recall / (precision + recall) * 100,
        "precision": precision * 100,
        "recall": recall * 100,
    }


def score_file(predictions: str | Path, gold: str | Path, task: Task, language: str) -> tuple[dict[str, float], int]:
    """Score one prediction file that has passed `validity.check_file`.

    Args:
        predictions: the file to score.
        gold: its gold file.
        task: the task both belong to.
        language: of the file; MLQA compares answers by rules of their language.

    Returns:
        The scores by metric, and the number of sentences, examples, questions or gold pairs.
    """
    if task.kind is Kind.TAGS:
        truth = read_tags(gold)
        return score_tags(truth, read_tags(predictions)), len(truth)
    if task.kind is Kind.PAIRS:
        pairs = read_pairs(gold)
        return score_pairs(pairs, read_pairs(predictions)), len(pairs)
    if task.kind is Kind.ANSWERS:
        answers = read_gold_answers(gold)
        return score_answers(answers, read_answers(predictions), rule_of(task.name, language)), len(answers)
    labels = read_labels(gold, dict(task.aliases))
    return score_labels(labels, read_labels(predictions)), len(labels)


def main_metric(task: Task, profile: str) -> str:
    """Name the metric that is a task's score under a profile, a key of `score_file`'s result."""
    if task.kind is Kind.TAGS:
        return f"span_f1_{PROFILE_RULES[profile].removeprefix('seqeval-')}"
    if task.kind is Kind.ANSWERS:
        return "mean_of_both"
    return "f1" if task.kind is Kind.PAIRS else "accuracy"


def mean_over_languages(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    """Average every metric over languages, unweighted, in the order given."""
    metrics = next(iter(scores.values()))
    return {metric: sum(one[metric] for one in scores.values()) / len(scores) for metric in metrics}
