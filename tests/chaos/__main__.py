"""``python -m tests.chaos``: the whole campaign, or parts of it, with a report.

Parts: ``attacks`` (hostile checkpoints through every entry point), ``fuzz`` (mutated files through every reader),
``kills``, ``faults`` (full disk, size limit, read-only, vanished input) and ``flips`` (of bits). Everything is a
function of ``--seed``; ``--first`` begins at a later experiment, so that a campaign can be run in pieces, whose results
are added to the same report. The exit status is 1 if anything did not end as it has to.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.chaos.report import Part, write

DEFAULTS = {"attacks": 1500, "fuzz": 100_000, "kills": 200, "faults": 64, "flips": 500}
# Preparation has twelve times the file-system events of the others, and takes a tenth of their time.
STAGES_KILLED = ("preparation", "preparation", "preparation", "training", "fine-tuning")


def attack(part: Part, folder: Path, count: int) -> None:
    """Open hostile checkpoints: all of them by the function that builds models, a few by every entry point."""
    from tests.chaos import attacks, entry_points, hostile_checkpoints

    trace = attacks.prepare(folder)
    every = [*hostile_checkpoints.pickle_attacks(trace), *hostile_checkpoints.plain_attacks(trace)]
    every += hostile_checkpoints.exhausting(folder)
    build = {"build": entry_points.IN_PROCESS["load_model_ensemble_and_task"]}
    known = dict(every)
    chosen = [
        (name, known[name])
        for name in (
            *("archive: GLOBAL REDUCE os.mkdir", "archive: NEWOBJ_EX", "pickle: INST"),
            *("cfg.model = fconv", "args.arch = fconv", "cfg.criterion = ctc", "cfg.task = language_modeling"),
            *("cfg.bpe = gpt2", "user_dir", "task beside _name", "meters", "target of hydra"),
        )
    ]
    plans = (
        (every[part.first : part.first + count], build),
        (chosen, entry_points.IN_PROCESS),
        (chosen, entry_points.COMMANDS),
    )
    for attack_list, entries in plans:
        counts, failures = attacks.run_attacks(attack_list, entries, folder)
        part.counts += counts
        part.failures += failures
        part.experiments += len(attack_list) * len(entries)


def fuzz(part: Part, folder: Path, count: int) -> None:
    """Give ``count`` mutated files to the readers."""
    from tests.chaos import fuzz, parsers

    readers = parsers.all_parsers(folder)
    shares = sum(fuzz.SLOW_SHARE if reader.slow else 1 for reader in readers)
    for reader in readers:
        counts, failures = fuzz.run_parser(reader, round(count / shares), part.seed, folder, part.first)
        part.counts += counts
        part.failures += failures
        part.experiments += counts.total()


def kill(part: Part, folder: Path, count: int) -> None:
    """Kill and repeat until ``count`` experiments have had a kill."""
    from tests.chaos import kills

    reference = kills.Reference(folder)
    numbers = itertools.count(part.first)
    while part.counts["killed, then identical"] + len(part.failures) < count:
        number = next(numbers)
        stage = STAGES_KILLED[number % len(STAGES_KILLED)]
        killed, problem = kills.kill_and_repeat(reference, stage, number, part.seed)
        part.experiments += 1
        if problem:
            part.failures.append(problem)
        else:
            part.counts["killed, then identical" if killed else "ended before it was killed, identical"] += 1


def make_faults(part: Part, folder: Path, count: int) -> None:
    """Run into every fault in turn."""
    from tests.chaos import faults, kills

    reference = kills.Reference(folder)
    stages = ("preparation", "training", "fine-tuning")
    for plan in range(count):
        number, place = divmod(plan, len(faults.KINDS) * len(stages))
        kind, stage = faults.KINDS[place // len(stages)], stages[place % len(stages)]
        number += part.first
        try:
            problem = faults.fault_and_repeat(reference, stage, kind, number, part.seed)
        except PermissionError:
            part.counts["left out: not the administrator"] += 1
            continue
        part.experiments += 1
        part.counts[f"{kind}: {'not as it has to be' if problem else 'one line or none, then identical'}"] += 1
        if problem:
            part.failures.append(problem)


def flip(part: Part, folder: Path, count: int) -> None:
    """Flip bits."""
    from tests.chaos import flips, kills

    part.counts, part.failures = flips.run_flips(kills.Reference(folder), count, part.seed, part.first)
    part.experiments = count


PARTS: dict[str, Callable[[Part, Path, int], None]] = {
    "attacks": attack,
    "fuzz": fuzz,
    "kills": kill,
    "faults": make_faults,
    "flips": flip,
}


def main() -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--count", type=int, help=f"of experiments; by default {DEFAULTS}")
    parser.add_argument("--first", type=int, default=0, help="number of the first experiment")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--output", type=Path, default=Path("chaos-report"), help="folder of report.json and report.txt"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    import fairseq_cli.train  # noqa: F401  (children begin with everything imported)
    import torch

    from tests.chaos import entry_points

    logging.getLogger("fairseq").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    entry_points.register_plugin()
    failed = False
    for name in args.parts or PARTS:
        part, start = Part(name, args.seed, args.first), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            PARTS[name](part, Path(folder), args.count or DEFAULTS[name])
        part.seconds = time.monotonic() - start
        print(part.text(), flush=True)
        write(args.output, part)
        failed |= bool(part.failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
