"""Curves of a run: its loss on held-out text while it trains, and what checkpoints on the way have learned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fairseq_alignmlm.run.configuration import Block, Configuration, Pretraining
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.run.training import publish, remove

NEVER = 10**9  # epochs: validation goes by updates
VALIDATION_TOKENS = 4096  # a batch, for speed
_KEPT = re.compile(r"checkpoint_\d+_(\d+)\.pt")


def logging_flags(configuration: Configuration, part: Pretraining, block: Block) -> list[str]:
    """Return the options of pre-training that decide what is validated and kept; they do not change what is learned."""
    found: dict[str, int | bool] = {"disable_validation": True}
    if part.validate_every:
        found = {"validate_interval": NEVER, "validate_interval_updates": part.validate_every}
        found["batch_size_valid"] = max(block.batch, VALIDATION_TOKENS // block.tokens)
    if configuration.curves.every:
        found |= {"save_interval_updates": configuration.curves.every, "keep_interval_updates": -1}
    return flags(found)


def wanted(run: Experiment) -> bool:
    """Tell whether the run has curves: natural languages have no counterparts to measure them on."""
    return run.configuration.curves.every > 0 and not run.pair.natural


def kept_folder(run: Experiment) -> Path:
    """Return where its checkpoints lie, each under its number of updates."""
    return run.folder / "checkpoints"


def keep(folder: Path, run: Experiment) -> None:
    """Put the checkpoints of all blocks of a finished pre-training, below ``folder``, into `kept_folder`."""
    if not wanted(run):
        return
    remove(kept_folder(run))
    for path in folder.glob("*/*.pt"):
        if (found := _KEPT.fullmatch(path.name)) is not None:
            publish(path, kept_folder(run) / f"{int(found[1]):08}.pt")
    last = run.folder / "pretrained.pt"
    publish(last, kept_folder(run) / f"{run.updates:08}.pt")


def checkpoints(run: Experiment) -> list[Path]:
    """Return the kept checkpoints in order."""
    return sorted(kept_folder(run).glob("*.pt"))


def measure_step(run: Experiment) -> Step:
    """Return the step that measures alignment, word translation, retrieval and loss of every checkpoint."""
    kept, pair, output = checkpoints(run), run.pair, run.folder / "curves" / "emergence.json"
    counterparts = pair.root / "counterparts.tsv"
    dictionary = pair.dictionary(run.configuration.data.dictionary_percent)
    files = {"data": pair.binarized, "counterparts": counterparts, "dictionary": dictionary, "json": output}
    command = [*program("alignmlm"), "emergence", *map(str, kept), *flags(files)]
    inputs = [*kept, counterparts, dictionary, pair.vocabulary, *(pair.binarized / name for name in pair.languages)]
    return Step("curves", [command], inputs, [output], about=f"curves over {len(kept)} checkpoints")


def tunings(run: Experiment) -> Iterator[tuple[Path, Path, int]]:
    """Yield the checkpoints to fine-tune from, where to, and for how many epochs; none without a tagging task."""
    epochs = run.configuration.curves.finetune_epochs
    if epochs and any(task.is_tagging for task in run.tasks):
        for path in checkpoints(run):
            yield path, run.folder / "curves" / path.stem, epochs
