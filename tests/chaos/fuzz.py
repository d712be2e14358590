"""Mutated files through every reader: a result or one line, soon and in little memory."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from tests.chaos import limited
from tests.chaos.mutations import mutate
from tests.chaos.parsers import Parser

INPUTS_PER_CHILD = 2000
SLOW_SHARE = 0.1


def run_parser(parser: Parser, count: int, seed: int, folder: Path, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Give a reader mutated files.

    Args:
        parser: the reader; one that is slow gets a tenth.
        count: of inputs.
        seed: of the mutations; the input number ``i`` is a function of ``(parser, seed, i)``.
        folder: where the files are written.
        first: number of the first input.

    Returns:
        how many calls ended how, and a line for each failure: traceback, hang, memory or crash.
    """
    place = folder / "input"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    path = place / parser.file

    def content(number: int) -> bytes:
        chance = random.Random(f"{parser.name} {seed} {number}")
        return mutate(chance.choice(parser.seeds), chance)

    def read(number: int) -> None:
        path.write_bytes(content(number))
        parser.read(path)

    counts: Counter[str] = Counter()
    failures: dict[str, str] = {}
    numbers = range(first, first + (max(1, int(count * SLOW_SHARE)) if parser.slow else count))
    for start in range(0, len(numbers), INPUTS_PER_CHILD):
        batch = numbers[start : start + INPUTS_PER_CHILD]
        for number, ending in zip(batch, limited.run_all(read, batch, (InputError, OSError)), strict=True):
            counts[ending.kind] += 1
            if ending.kind not in (limited.OK, limited.REFUSED):
                where = ending.text.rpartition(" at ")[2] if ending.kind == limited.TRACEBACK else str(number)
                failures.setdefault(f"{ending.kind} {where}", f"{parser.name} #{number}: {ending.kind}: {ending.text}")
    return counts, list(failures.values())


def unchanged(parser: Parser, folder: Path) -> None:
    """Read each seed as it is, so that a reader that refuses everything is not praised for it."""
    for seed in parser.seeds:
        place = folder / "input"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / parser.file).write_bytes(seed)
        parser.read(place / parser.file)
