"""Bootstrap intervals of scores: what another test set of the same kind might have given the same predictions.

Sentences, examples, questions or source sentences are drawn again with replacement within a language; languages are
not.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fairseq_alignmlm.evaluation.answers import answer_f1, exact_match, read_answers, read_gold_answers, rule_of
from fairseq_alignmlm.evaluation.metrics import PROFILE_RULES
from fairseq_alignmlm.evaluation.predictions import read_labels, read_pairs, read_tags
from fairseq_alignmlm.evaluation.span_f1 import spans
from fairseq_alignmlm.evaluation.xtreme_tasks import Kind, Task

RESAMPLES = 1000
INTERVAL = 95.0  # percent
_DRAWS = 1 << 22  # units drawn at a time


def unit_counts(predictions: Path, gold: Path, task: Task, language: str, profile: str) -> Any:
    """Return what every unit adds to a task's score.

    Args:
        predictions: a file that has passed the check.
        gold: its gold file.
        task: of both.
        language: of both.
        profile: whose rule decides what a span is.

    Returns:
        Of shape (N, 3) for F1 of sets (common, predicted, gold), else (N, 2): what was got of what could be.
    """
    if task.kind is Kind.TAGS:
        rule = PROFILE_RULES[profile]
        found = [
            (spans([truth], rule), spans([guess], rule))
            for truth, guess in zip(read_tags(gold), read_tags(predictions), strict=True)
        ]
        return np.array([(len(truth & guess), len(guess), len(truth)) for truth, guess in found], dtype=float)
    if task.kind is Kind.PAIRS:
        right, pairs = read_pairs(gold), read_pairs(predictions)
        units = {pair[0]: number for number, pair in enumerate(sorted(right | pairs))}
        counts = np.zeros((len(right | pairs), 3))
        for column, members in enumerate((right & pairs, pairs, right)):
            for pair in members:
                counts[units[pair[0]], column] += 1
        return counts[counts.any(axis=1)]
    if task.kind is Kind.ANSWERS:
        answers, words = read_answers(predictions), rule_of(task.name, language)
        got = [
            sum(max(metric(answers[key], text, words) for text in texts) for metric in (exact_match, answer_f1)) / 2
            for key, texts in read_gold_answers(gold).items()
        ]
    else:
        labels = zip(read_labels(gold, dict(task.aliases)), read_labels(predictions), strict=True)
        got = [float(truth == guess) for truth, guess in labels]
    return np.column_stack([got, np.ones(len(got))])


def score_of_sums(sums: Any) -> Any:
    """Return the scores in percent of sums of `unit_counts`, of shape (B, 3) or (B, 2)."""
    whole = (sums[:, 1] + sums[:, 2]) / 2 if sums.shape[1] == 3 else sums[:, 1]
    return 100 * np.divide(sums[:, 0], whole, out=np.zeros(len(sums)), where=whole > 0)


def resampled(counts: Any, name: str, resamples: int = RESAMPLES) -> Any:
    """Return the scores of resamples, of shape (B,); which ones are drawn depends on the name alone.

    Args:
        counts: of every unit, from `unit_counts`.
        name: of the task and language.
        resamples: how many, B.
    """
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    block = max(1, _DRAWS // len(counts))
    sums = [
        counts[generator.integers(len(counts), size=(min(block, resamples - start), len(counts)))].sum(axis=1)
        for start in range(0, resamples, block)
    ]
    return score_of_sums(np.concatenate(sums))


def interval(samples: Any) -> tuple[float, float]:
    """Return the ends of the percentile interval (95 %) of resampled scores."""
    tail = (100 - INTERVAL) / 2
    low, high = np.percentile(samples, [tail, 100 - tail])
    return float(low), float(high)


def resampled_languages(
    predictions: Mapping[str, Path], gold: Mapping[str, Path], task: Task, profile: str
) -> dict[str, Any]:
    """Return the resampled scores of every language, each of shape (B,); resamples of languages are independent."""
    return {
        language: resampled(unit_counts(path, gold[language], task, language, profile), f"{task.name}-{language}")
        for language, path in predictions.items()
    }
