"""Flip a bit of a file that a step has written: what reads the file has to notice, or the result has to be the same."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from tests.chaos.kills import Reference, last_line, run_stage
from tests.chaos.workflow import STAGES, alignment, contents, finetuning, training

# Which stages of the workflow read a file, by the beginning of its name. What none of them names is not used again.
READERS = {
    "work/bin/": (training, alignment),
    "work/dictionary": (training, alignment),
    "work/counterparts": (alignment,),
    "run/checkpoint_last": (finetuning, alignment),
    "work/xtreme/udpos/en/bin/": (finetuning,),
}


def kind_of(name: str) -> str:
    """Return what kind of file it is, for the report."""
    if name.endswith("manifest.json"):
        return "manifests"
    for ending in (".bin", ".idx", ".pt", ".tsv", ".model", ".txt", ".json"):
        if name.endswith(ending):
            return f"*{ending}"
    return "others"


def flip_and_use(reference: Reference, number: int, seed: int) -> tuple[str, str, str]:
    """Flip one bit of one file of a finished workflow, then use it.

    Args:
        reference: of the whole workflow; its folder is left as it was.
        number: of the experiment; odd ones prepare the data again, even ones train, fine-tune or measure with them.
        seed: of all choices.

    Returns:
        the kind of file; how it ended: ``refused`` (one line), ``the same`` (healed, or unimportant), ``differs`` or
        ``traceback``; and which experiment it was.
    """
    chance = random.Random(f"flip {number} {seed}")
    files = [path for path in sorted((reference.folder / "work").rglob("*")) if path.is_file()]
    files += [reference.folder / "run" / "checkpoint_last.pt"] * 8
    if number % 2 == 0:
        names = tuple(READERS)
        files = [path for path in files if str(path.relative_to(reference.folder)).startswith(names)]
    path = chance.choice([path for path in files if path.stat().st_size])
    name = path.relative_to(reference.folder).as_posix()
    good = path.read_bytes()
    byte, bit = chance.randrange(len(good)), chance.randrange(8)
    changed = bytearray(good)
    changed[byte] ^= 1 << bit
    what = f"#{number} {name} byte {byte} bit {bit}"
    path.write_bytes(changed)
    try:
        if number % 2:
            return kind_of(name), *_prepare_again(reference, what)
        stages = next(stages for start, stages in READERS.items() if name.startswith(start))
        return kind_of(name), *_use(reference, chance.choice(stages), what)
    finally:
        path.write_bytes(good)


def _ending(status: int, log: str) -> str:
    return "traceback" if "Traceback" in log or os.WIFSIGNALED(status) else "refused" if status else ""


def _prepare_again(reference: Reference, what: str) -> tuple[str, str]:
    status, _, log = run_stage(STAGES["preparation"], reference.folder)
    if ending := _ending(status, log):
        return ending, f"{what}: {last_line(log)}"
    wanted = {name: value for name, value in reference.contents["alignment"].items() if name.startswith("work/")}
    found = {name: value for name, value in contents(reference.folder).items() if name.startswith("work/")}
    different = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
    return ("differs", f"{what}: {different}") if different else ("the same", what)


def _use(reference: Reference, stage: object, what: str) -> tuple[str, str]:
    """Use a file in a copy of what the stage writes, so that the reference stays."""
    outputs = [reference.folder / name for name in ("run", "tuned", "alignment.json")]
    kept = [path for path in outputs if path.exists()]
    before = reference.contents["alignment"]
    moved: list[tuple[Path, Path]] = []
    for path in kept:
        if path.name == {"training": "run", "finetuning": "tuned"}.get(stage.__name__, "alignment.json"):  # type: ignore[attr-defined]
            aside = path.with_name(f"{path.name}.aside")
            os.rename(path, aside)
            moved.append((aside, path))
    try:
        status, _, log = run_stage(stage, reference.folder)  # type: ignore[arg-type]
        if ending := _ending(status, log):
            return ending, f"{what} by {stage.__name__}: {last_line(log)}"  # type: ignore[attr-defined]
        found = contents(reference.folder)
        different = [name for name, value in before.items() if found.get(name) != value and f" {name} " not in what]
        same = "the same" if not different else "differs"
        return same, f"{what} by {stage.__name__}: {different}"  # type: ignore[attr-defined]
    finally:
        import shutil

        for aside, path in moved:
            shutil.rmtree(path, ignore_errors=True) if aside.is_dir() else path.unlink(missing_ok=True)
            os.rename(aside, path)


def run_flips(reference: Reference, count: int, seed: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Do ``count`` experiments; return how many ended how by kind of file, and those that are failures."""
    counts: Counter[str] = Counter()
    failures = []
    for number in range(first, first + count):
        kind, ending, what = flip_and_use(reference, number, seed)
        counts[f"{kind}: {ending}"] += 1
        if ending in ("differs", "traceback"):
            failures.append(f"{ending}: {what}")
    return counts, failures
