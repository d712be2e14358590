"""Pre-training of one run: blocks of growing length, each resumed from its own last checkpoint."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.run import processes
from fairseq_alignmlm.run.configuration import Block
from fairseq_alignmlm.run.hashes import Hashes
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.storage import atomic_path

LAST = "checkpoint_last.pt"
SECONDS_BETWEEN_REPORTS = 30.0


@dataclass(frozen=True)
class Trainer:
    """How ``fairseq-train`` is called for one run.

    Attributes:
        log: gets its output.
        say: tells people.
        environment: variables of the child.
        keep_open: file descriptors of the child, those of locks.
    """

    log: Path
    say: Callable[[str], None]
    environment: Mapping[str, str]
    keep_open: Sequence[int] = ()

    def train(self, command: Sequence[str], what: str, until: int | None = None) -> float:
        """Run a training to its end, telling now and then how far it is; return its seconds."""
        started = told = time.monotonic()
        first: tuple[int, float] | None = None

        def report(update: int) -> None:
            nonlocal first, told
            now = time.monotonic()
            if first is None:
                first = update, now
            elif until and update > first[0] and now - told > SECONDS_BETWEEN_REPORTS:
                left, told = (until - update) * (now - first[1]) / (update - first[0]), now
                self.say(f"{what}: update {update:,} of {until:,}, {_minutes(left)} left")

        self.say(f"{what}; log: {self.log}")
        processes.run(
            command,
            environment=self.environment,
            log=self.log,
            what=what,
            report=report,
            keep_open=self.keep_open,
        )
        return time.monotonic() - started


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def pretrain(
    trainer: Trainer,
    folder: Path,
    output: Path,
    blocks: Sequence[Block],
    commands: Sequence[Sequence[str]],
    inputs: Sequence[Path],
    known: Sequence[Hashes] = (),
) -> dict[str, Any]:
    """Train through all blocks and put the last checkpoint at ``output``.

    Every block has a folder of its own. It resumes from the checkpoint there; without one it starts from that of the
    block before, with another order of the data, since other blocks are other instances.

    Args:
        trainer: how.
        folder: gets the blocks' folders; the caller removes it when the result is recorded.
        output: the final checkpoint.
        blocks: in order.
        commands: of each block, but for where to save and what to resume.
        inputs: what the records of the blocks depend on.
        known: hashes of these.

    Returns:
        ``seconds`` and ``updates`` of all blocks; of one that was cut off, only the last part counts.
    """
    records, seconds, before = Records(folder, known), 0.0, None
    for number, (block, command) in enumerate(zip(blocks, commands, strict=True), 1):
        here = folder / f"{number}.{block.tokens}x{block.batch}"
        last = here / LAST
        step = Step(here.name, [command], inputs, [last], {"until": block.until})
        if records.stale(step):
            spent = 0.0
            if not last.is_file() or updates_of(last) < block.until:
                resume: list[str] = []
                if before is not None and not last.is_file():
                    resume = [f"--restore-file={before}", "--reset-dataloader"]
                what = (
                    f"pre-training with blocks of {block.tokens} tokens, {block.batch} a batch, to update {block.until}"
                )
                spent = trainer.train([*command, f"--save-dir={here}", *resume], what, block.until)
            records.write(step, {"seconds": spent})
        counted = records.counts(here.name).get("seconds", 0.0)
        seconds += counted if isinstance(counted, (int, float)) else 0.0
        before = last
    assert before is not None
    publish(before, output)
    return {"seconds": seconds, "updates": blocks[-1].until}


def updates_of(checkpoint: Path) -> int:
    """Return how many updates a checkpoint has seen."""
    from fairseq_alignmlm.evaluation.checkpoint import read_state

    history = read_state(checkpoint).get("optimizer_history") or [{}]
    found = history[-1].get("num_updates", 0)
    return found if isinstance(found, int) else 0


def publish(source: Path, target: Path) -> None:
    """Put a file at a second place, as a link where the disk has links; complete or not at all."""
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def remove(folder: Path) -> None:
    """Remove a folder that is no longer needed; one that is not there is no matter."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
