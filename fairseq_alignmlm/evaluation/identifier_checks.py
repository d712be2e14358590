"""What is wrong with predictions that are identifiers: indices of sentences (Tatoeba), pairs of them (BUCC)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from fairseq_alignmlm.evaluation.predictions import filled_lines, last_column
from fairseq_alignmlm.evaluation.problems import Fault

MOST_CANDIDATES = 1000  # sentences of a language in XTREME's Tatoeba
BY_CHANCE = 1e-4
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_IDENTIFIER = re.compile(r"(.*\D)([0-9]+)", re.ASCII)


def candidate_count(gold: Sequence[int]) -> int:
    """Return how many sentences there are to choose from, as far as gold indices tell.

    Every sentence is the answer to one line of XTREME's Tatoeba, so that the indices are 0 to N - 1 in some order; a
    file with only some of them may have any up to XTREME's largest number.
    """
    if sorted(gold) == list(range(len(gold))):
        return len(gold)
    return max(MOST_CANDIDATES, max(gold) + 1)


def index_faults(predictions: Path, gold: Path) -> Iterator[Fault]:
    """Find lines that are no index from 0, indices beyond the last sentence, and files that count from 1."""
    truth = [last_column(line.text) for line in filled_lines(gold)]
    bad = [text for text in truth if not _INDEX.fullmatch(text)]
    if bad:
        yield Fault("gold", None, f"cannot be compared with {gold}: {bad[0]!r} there is no index")
        return
    right = [int(text) for text in truth]
    candidates = candidate_count(right)
    found: list[int] = []
    for line in filled_lines(predictions):
        text = line.text.strip()
        if not _INDEX.fullmatch(text):
            what = f"{text!r} is not an index: write a whole number from 0 in the digits 0 to 9, without leading zeros"
            yield Fault("index", line.number, what)
        elif int(text) >= candidates:
            what = f"index {text} is beyond the last sentence, {candidates - 1}: indices count from 0"
            yield Fault("range", line.number, what)
        else:
            found.append(int(text))
    if len(found) == len(right) and 0 not in found:
        hits = sum(index == gold_index for index, gold_index in zip(found, right, strict=True))
        shifted = sum(index - 1 == gold_index for index, gold_index in zip(found, right, strict=True))
        if shifted > hits and _at_least(shifted, len(right), 1 / candidates) < BY_CHANCE:
            what = f"counts from 1: {shifted} indices less 1 are right, {hits} as they are; write indices from 0"
            yield Fault("base", None, what)


def _at_least(hits: int, tries: int, chance: float) -> float:
    """Return the probability of so many hits or more in independent tries."""
    term, total = (1 - chance) ** tries, 0.0
    for number in range(hits):
        total += term
        term *= (tries - number) / (number + 1) * chance / (1 - chance)
    return 1 - total


def pair_faults(predictions: Path, gold: Path) -> Iterator[Fault]:
    """Find pairs whose identifiers are not written as the gold file's, among them swapped ones, and empty files."""
    columns: list[set[tuple[str, int] | None]] = [set(), set()]
    for line in filled_lines(gold):
        sides = line.text.split("\t")
        if len(sides) != 2:
            yield Fault("gold", None, f"cannot be compared with {gold}: its line {line.number} is not `id TAB id`")
            return
        for column, text in zip(columns, sides, strict=True):
            column.add(_shape(text.strip()))
    empty = True
    for line in filled_lines(predictions):
        empty = False
        sides = line.text.strip().split("\t")
        if len(sides) != 2:
            continue  # told with the columns
        wrong = [text for text, known in zip(sides, columns, strict=True) if not _fits(text, known)]
        if not wrong:
            continue
        if all(_fits(text, known) for text, known in zip(sides, columns[::-1], strict=True)):
            yield Fault("swapped", line.number, f"the columns are swapped: {gold} begins with the other language")
        else:
            yield Fault("identifier", line.number, f"{wrong[0]!r} is not written like the identifiers of {gold}")
    if empty:
        yield Fault("empty", None, "holds no pair: it would score 0")


def _shape(identifier: str) -> tuple[str, int] | None:
    """Return what is before the number of ``de-000413461`` and the digits of that, None for another identifier."""
    found = _IDENTIFIER.fullmatch(identifier)
    return (found[1], len(found[2])) if found else None


def _fits(identifier: str, known: set[tuple[str, int] | None]) -> bool:
    rules = [rule for rule in known if rule is not None]
    if len(rules) < len(known):  # identifiers without a number at their end: only what is in no identifier
        return bool(re.fullmatch(r"[^\s\"'\x00-\x1f]+", identifier))
    shape = _shape(identifier)
    if shape is None or shape[0] not in {start for start, _ in rules}:
        return False
    return shape in rules or len({width for _, width in rules}) > 1
