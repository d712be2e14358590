"""What makes a prediction file score wrongly in silence, found before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.evaluation.predictions import Line, filled_lines, last_column, numbered_lines, numbered_sentences
from fairseq_alignmlm.evaluation.xtreme_tasks import Kind, Task


@dataclass(frozen=True)
class Problem:
    """One fault of a file.

    Attributes:
        path: the file, or the folder where a file is missing.
        line: the first line at fault, from 1; None when no line is.
        what: what is wrong and what it would do to the score.
        times: how many lines or sentences of the file have it.
    """

    path: Path
    line: int | None
    what: str
    times: int = 1

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line is not None else f"{self.path}"
        return f"{where}: {self.what}" + (f" ({self.times:,} times)" if self.times > 1 else "")


def _first_of_each(problems: Iterator[tuple[str, int, str]], path: Path) -> list[Problem]:
    """Gather (kind, line, what) into one problem a kind: its first line and how often it occurs."""
    first: dict[str, tuple[int, str]] = {}
    times: dict[str, int] = {}
    for kind, line, what in problems:
        first.setdefault(kind, (line, what))
        times[kind] = times.get(kind, 0) + 1
    return [Problem(path, line, what, times[kind]) for kind, (line, what) in first.items()]


def _invisible(line: Line) -> Iterator[tuple[str, int, str]]:
    if line.text.startswith("\ufeff"):
        yield "mark", line.number, "starts with a byte order mark, which becomes part of the label"
    if line.text.endswith("\r"):
        yield "return", line.number, "has a Windows line end (CR LF); write \\n"
    elif line.text != line.text.strip():
        yield "blanks", line.number, "has blanks around it"


def _label(line: Line, task: Task, columns: int = 1) -> Iterator[tuple[str, int, str]]:
    """Find what is wrong with the one label that a line of predictions must be."""
    yield from _invisible(line)
    text = line.text.strip().removeprefix("\ufeff")
    if text.count("\t") != columns - 1:
        what = f"has {text.count(chr(9)) + 1} columns for {columns}, all of it would be compared and score 0"
        if task.kind is Kind.TAGS:
            what = "is `token TAB tag`: write the tag alone, or every tag scores as wrong"
        yield "columns", line.number, what
        text = last_column(text)
    labels = {*task.labels, *dict(task.aliases)}
    if task.labels and text not in labels:
        yield "unknown", line.number, f"unknown label {text!r}"
    if task.kind is Kind.INDICES and not text.isdecimal():
        yield "index", line.number, f"{text!r} is not an index"


def _tagging(predictions: Path, gold: Path, task: Task) -> Iterator[tuple[str, int, str]]:
    blank, last = 1, 0
    for line in numbered_lines(predictions):
        last = line.number
        if line.text.strip():
            blank = 0
            yield from _label(line, task)
            continue
        blank += 1
        if blank > 1:
            what = "a blank line too many: it counts as a sentence without tags"
            yield "blank", line.number, what
    truth, guess = numbered_sentences(gold), numbered_sentences(predictions)
    for number, (sentence, tags) in enumerate(zip(truth, guess, strict=False), 1):
        if len(sentence) != len(tags):
            what = (
                f"sentence {number} has {len(tags)} tags for the {len(sentence)} tokens of"
                f" {gold}:{sentence[0].number}: all later tags would shift"
            )
            yield "length", tags[0].number, what
    if len(truth) != len(guess):
        yield "sentences", last, f"{len(guess):,} sentences for {len(truth):,} in {gold}"


def _lines(predictions: Path, gold: Path, task: Task) -> Iterator[tuple[str, int, str]]:
    count = 0
    for line in numbered_lines(predictions):
        count = line.number
        if line.text.strip():
            yield from _label(line, task, 2 if task.kind is Kind.PAIRS else 1)
        else:
            yield "blank", line.number, "a blank line: XTREME's scorer counts it as an example"
    expected = sum(1 for _ in filled_lines(gold))
    if count != expected and task.kind is not Kind.PAIRS:
        yield "lines", count, f"{count:,} lines for {expected:,} examples in {gold}"


def _gold_labels(gold: Path, task: Task) -> Iterator[tuple[str, int, str]]:
    labels = {*task.labels, *dict(task.aliases)}
    for line in filled_lines(gold):
        if task.labels and last_column(line.text) not in labels:
            yield "unknown", line.number, f"unknown label {last_column(line.text)!r} in the gold file"


def check_file(predictions: Path, gold: Path, task: Task) -> list[Problem]:
    """Find every fault of one prediction file that XTREME's scorer would pass over.

    Args:
        predictions: the file to be scored.
        gold: its gold file, with or without the tokens or sentences.
        task: the task both belong to.

    Returns:
        One problem of each kind, with its first line and its count; none for a sound file.

    Raises:
        InputError: when a file is missing or not UTF-8.
    """
    find = _tagging if task.kind is Kind.TAGS else _lines
    if not any(filled_lines(gold)):
        return [Problem(gold, None, "the gold file holds no sentence: there is nothing to score")]
    return [
        *_first_of_each(_gold_labels(gold, task), gold),
        *_first_of_each(find(predictions, gold, task), predictions),
    ]


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
