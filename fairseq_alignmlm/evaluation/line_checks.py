"""What is wrong with predictions of one label or tag a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fairseq_alignmlm.evaluation.predictions import Line, filled_lines, last_column, numbered_lines, numbered_sentences
from fairseq_alignmlm.evaluation.problems import Fault
from fairseq_alignmlm.evaluation.xtreme_tasks import Kind, Task


def _invisible(line: Line) -> Iterator[Fault]:
    if line.text.startswith("\ufeff"):
        yield Fault("mark", line.number, "starts with a byte order mark, which becomes part of the label")
    if line.text.endswith("\r"):
        yield Fault("return", line.number, "has a Windows line end (CR LF); write \\n")
    elif line.text != line.text.strip():
        yield Fault("blanks", line.number, "has blanks around it")
    if "\r" in line.text[:-1]:
        yield Fault("inner return", line.number, "has a carriage return, which XTREME's scorer reads as a line end")


def _label(line: Line, task: Task, columns: int = 1) -> Iterator[Fault]:
    """Find what is wrong with the one label that a line of predictions must be."""
    yield from _invisible(line)
    text = line.text.strip().removeprefix("\ufeff")
    if text.count("\t") != columns - 1:
        what = f"has {text.count(chr(9)) + 1} columns for {columns}, all of it would be compared and score 0"
        if task.kind is Kind.TAGS:
            what = "is `token TAB tag`: write the tag alone, or every tag scores as wrong"
        yield Fault("columns", line.number, what)
        text = last_column(text)
    if task.labels and text not in task.labels:
        aliases = dict(task.aliases)
        instead = f"; write {aliases[text]!r}, the label XTREME compares" if text in aliases else ""
        yield Fault("unknown", line.number, f"unknown label {text!r}{instead}")


def tag_faults(predictions: Path, gold: Path, task: Task) -> Iterator[Fault]:
    """Find labels that are none, blank lines too many, and sentences of another length than the gold ones."""
    blank, last = 1, None
    for line in numbered_lines(predictions):
        last = line.number
        if line.text.strip():
            blank = 0
            yield from _label(line, task)
            continue
        blank += 1
        if blank > 1:
            yield Fault("blank", line.number, "a blank line too many: it counts as a sentence without tags")
    truth, guess = numbered_sentences(gold), numbered_sentences(predictions)
    for number, (sentence, tags) in enumerate(zip(truth, guess, strict=False), 1):
        if len(sentence) != len(tags):
            what = (
                f"sentence {number} has {len(tags)} tags for the {len(sentence)} tokens of"
                f" {gold}:{sentence[0].number}: all later tags would shift"
            )
            yield Fault("length", tags[0].number, what)
    if len(truth) != len(guess):
        yield Fault("sentences", last, f"{len(guess):,} sentences for {len(truth):,} in {gold}")


def line_faults(predictions: Path, gold: Path, task: Task) -> Iterator[Fault]:
    """Find labels that are none, blank lines, and another number of lines than the gold file has examples."""
    count = 0
    for line in numbered_lines(predictions):
        count = line.number
        if line.text.strip():
            yield from _label(line, task, 2 if task.kind is Kind.PAIRS else 1)
        else:
            yield Fault("blank", line.number, "a blank line: XTREME's scorer counts it as an example")
    expected = sum(1 for _ in filled_lines(gold))
    if count != expected and task.kind is not Kind.PAIRS:
        yield Fault("lines", count or None, f"{count:,} lines for {expected:,} examples in {gold}")


def gold_label_faults(gold: Path, task: Task) -> Iterator[Fault]:
    """Find labels of a gold file that are not the task's; other spellings of these count."""
    labels = {*task.labels, *dict(task.aliases)}
    for line in filled_lines(gold):
        if task.labels and last_column(line.text) not in labels:
            yield Fault("unknown", line.number, f"unknown label {last_column(line.text)!r} in the gold file")
