"""The steps of a run: pre-train, align, fine-tune on both languages, predict, score, gather the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run import curves, processes
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.flags import block_flags, blocks_of, flags, model_flags, optimisation_flags, part_of
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.locks import FolderLock, locked
from fairseq_alignmlm.run.pair_folder import FILE
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.run.training import LAST, Trainer, pretrain, publish, remove

USER_DIR = str(Path(__file__).resolve().parents[1])
BEGUN = "begun.yaml"  # what a training that is not finished was begun with
LOGGING = ["--no-epoch-checkpoints", "--log-format=simple", "--log-interval=100"]
TAGGING = ["--task=xtreme_tagging", "--criterion=token_tagging"]
CLASSIFICATION = ["--task=xtreme_classification", "--criterion=sentence_classification"]


def run(experiment: Experiment, until: str = "result") -> None:
    """Do what is not up to date.

    Args:
        experiment: the run.
        until: ``pretrain`` leaves out what comes after pre-training.

    Raises:
        InputError: see `Experiment.check`; another process works in the folder; or a command failed.
    """
    experiment.check()
    if experiment.start is not None:
        _train_start(experiment.start, experiment.environment)
    lock = FolderLock(experiment.folder)
    try:
        lock.take()
        experiment.write_configuration()
        experiment.keep_open = (lock.descriptor,)
        for step in steps(experiment):
            do(experiment, step)
            if step.name == until:
                break
    finally:
        lock.release()
    experiment.say("done")


def _train_start(start: Experiment, environment: Mapping[str, str]) -> None:
    """Train what another run starts from, in its own folder, unless that is done; who else does it is waited for."""
    if start.start is not None:
        _train_start(start.start, environment)
    with locked(start.folder, wait=True) as lock:
        start.check()
        start.write_configuration()
        start.environment, start.keep_open = environment, (lock.descriptor,)
        do(start, _pretrain(start))


def is_trained(experiment: Experiment) -> bool:
    """Tell whether pre-training is done."""
    try:
        experiment.check()
        return not experiment.records.stale(_pretrain(experiment))
    except InputError:
        return False


def is_done(experiment: Experiment) -> bool:
    """Tell whether nothing is left to do."""
    try:
        experiment.check()
        return not any(experiment.records.stale(step) for step in steps(experiment))
    except InputError:
        return False


def steps(experiment: Experiment) -> Iterator[Step]:
    """Yield the steps in order; each is made when the one before is done, whose results it may look at."""
    yield _pretrain(experiment)
    yield _align(experiment)
    first, second = experiment.pair.languages
    if curves.wanted(experiment):
        yield curves.measure_step(experiment)
        for start, folder, epochs in curves.tunings(experiment):
            task = next(task for task in experiment.tasks if task.is_tagging)
            yield finetune(experiment, task, first, start, folder, epochs)
            for target in (first, second):
                yield score(experiment, task, first, target, folder)
    for task in experiment.tasks:
        for language in (first, second):
            yield finetune(experiment, task, language)
        for source, target in ((first, first), (first, second), (second, second)):
            yield score(experiment, task, source, target)
    yield _collect(experiment)


def do(experiment: Experiment, step: Step) -> None:
    """Do a step of a run unless it is up to date."""
    if experiment.records.stale(step):
        if step.about:
            experiment.say(step.about)
        counts: Mapping[str, Any] = {}
        if step.make is not None:
            counts = step.make()
        else:
            log, what = experiment.folder / "scoring.log", step.about or step.name
            for command in step.commands:
                processes.run(command, environment=experiment.environment, log=log, what=what)
        experiment.records.write(step, counts)
    if step.name == "pretrain":
        remove(experiment.folder / "pretrain")


def trainer(run: Experiment, log: Path) -> Trainer:
    """Return how the run calls ``fairseq-train``."""
    return Trainer(log, run.say, run.environment, run.keep_open)


def _pretrain(run: Experiment) -> Step:
    blocks, start = blocks_of(run.configuration, run.objective), run.start and run.start.folder / "pretrained.pt"
    inputs = [*run.data(), *([start] if start else [])]
    commands = [
        [
            *run.launch.command(),
            str(run.pair.binarized),
            f"--user-dir={USER_DIR}",
            "--task=multilingual_mlm",
            f"--languages={','.join(run.pair.languages)}",
            *block_flags(run.configuration, run.objective, block, run.own_settings(run.configuration)),
            f"--batch-size={run.launch.share(block.batch)}",
            *model_flags(run.configuration, run.objective),
            *optimisation_flags(part_of(run.configuration, run.objective)),
            *(f"{run.objective.reads[kind]}={path}" for kind, path in run.read_files().items()),
            *flags({"seed": run.seed, "max_update": block.until, "total_num_update": blocks[-1].until}),
            *run.launch.options(),
            *LOGGING,
            *curves.logging_flags(run.configuration, part_of(run.configuration, run.objective), block),
            *run.configuration.fairseq,
            *([f"--finetune-from-model={start}"] if start and block is blocks[0] else []),
        ]
        for block in blocks
    ]
    folder, output = run.folder / "pretrain", run.folder / "pretrained.pt"

    def make() -> Mapping[str, Any]:
        training = trainer(run, run.folder / "train.log")
        found = pretrain(training, folder, output, blocks, commands, inputs, [run.records.hashes])
        curves.keep(folder, run)
        return found

    settings: dict[str, Any] = {"options": run.identity["pretraining"]}
    outputs = [output]
    if curves.wanted(run):
        settings["kept_every"] = run.configuration.curves.every
        outputs.append(curves.kept_folder(run))
    return Step("pretrain", commands, inputs, outputs, settings, make=make, costly=True)


def _align(run: Experiment) -> Step:
    option, measured = run.pair.measured()
    dictionary = run.pair.dictionary(run.configuration.data.dictionary_percent)
    checkpoint, output = run.folder / "pretrained.pt", run.folder / "alignment.json"
    command = [*program("alignmlm"), "alignment", f"--checkpoint={checkpoint}", f"--vocab={run.pair.vocabulary}"]
    command += [f"{option}={measured}", f"--dictionary={dictionary}", f"--json={output}"]
    inputs = [checkpoint, run.pair.vocabulary, measured, dictionary]
    return Step("alignment", [command], inputs, [output], about="alignment")


def finetune(
    run: Experiment,
    task: Transfer,
    language: str,
    start: Path | None = None,
    folder: Path | None = None,
    epochs: int | None = None,
    more: Sequence[str] = (),
    reads: Mapping[str, Path] | None = None,
) -> Step:
    """Return the step that fine-tunes; from the end of pre-training, in the run's folder, unless told otherwise.

    Args:
        run: the run.
        task: to learn.
        language: of its data.
        start: checkpoint.
        folder: to write to.
        epochs: of tagging.
        more: further options, which come last.
        reads: further data by option.
    """
    start, folder = start or run.folder / "pretrained.pt", folder or run.folder
    tuned, data = folder / task.name / language, run.pair.labelled_data(task.data, language)
    settings = run.configuration.finetune
    kind, length = TAGGING, settings.max_length
    if not task.is_tagging:
        kind, length = CLASSIFICATION, settings.classification_max_length
    epochs, updates = finetuning_updates(run, task, language, epochs)
    ids = [f"--languages={','.join(run.pair.languages)}", f"--language={language}"]
    options = [
        *kind,
        *flags({"max_length": length, "batch_size": settings.batch}),
        *model_flags(run.configuration, run.objective),
        *(ids if run.reads_language_ids else []),
        *optimisation_flags(settings),
        *flags({"max_epoch": epochs, "total_num_update": updates, "seed": run.seed}),
        *more,
        *run.configuration.fairseq,
    ]
    one = Launch(min(1, run.launch.gpus))
    command = [*one.command(), str(data / "bin"), f"--user-dir={USER_DIR}", *options, *one.options(), *LOGGING]
    command += ["--disable-validation", f"--finetune-from-model={start}", f"--save-dir={tuned}"]
    command += [f"{option}={path}" for option, path in (reads or {}).items()]
    inputs, output = [start, data / "train.tsv", data / "bin", *(reads or {}).values()], tuned / "finetuned.pt"

    def make() -> Mapping[str, Any]:
        begun = {"options": options, "inputs": run.records.digest(inputs)}
        if not (tuned / BEGUN).is_file() or read_settings_file(tuned / BEGUN) != begun:
            remove(tuned)  # what was begun with other settings or data
            write_settings_file(tuned / BEGUN, begun)
        trainer(run, tuned / "train.log").train(command, f"fine-tuning {task.name} in {language}", updates)
        publish(tuned / LAST, output)
        for checkpoint in tuned.glob("checkpoint_*.pt"):
            checkpoint.unlink()
        return {}

    name = f"finetune.{_place(run, folder)}{task.name}.{language}"
    return Step(name, [command], inputs, [output], {"options": options}, make=make)


def _place(run: Experiment, folder: Path) -> str:
    """Return the folder's part of a step's name: nothing for the run's own."""
    return "".join(f"{part}." for part in folder.relative_to(run.folder).parts)


def score(run: Experiment, task: Transfer, source: str, target: str, folder: Path | None = None) -> Step:
    """Return the step that predicts and scores a task learned in one language and tested in another."""
    folder = folder or run.folder
    tuned, data = folder / task.name / source, run.pair.labelled_data(task.data, target)
    checkpoint, gold = tuned / "finetuned.pt", data / "valid.tsv"
    predictions, score = tuned / f"test-{target}.tsv", tuned / f"score-{target}.json"
    files = {"checkpoint": checkpoint, "data": data / "bin", "output": predictions}
    predict = [*program("alignmlm"), "predict", *flags(files)]
    predict += [f"--language={target}"] if run.reads_language_ids else []
    what = {"task": task.data, "predictions": predictions, "gold": gold, "language": target, "source_language": source}
    what |= {"seed": run.seed, "model": checkpoint, "profile": "paper", "json": score}
    return Step(
        f"score.{_place(run, folder)}{task.name}.{source}.{target}",
        [predict, [*program("alignmlm"), "score", *flags(what)]],
        [checkpoint, gold, data / "bin"],
        [predictions, score],
        about=f"scoring {task.name}: {source} to {target}",
    )


def _collect(run: Experiment) -> Step:
    kept = run.kept_settings()
    what = {
        "folder": run.folder,
        "objective": run.objective.name,
        "transformation": run.pair.transformation,
        "scale": run.pair.scale,
        "seed": run.seed,
        "languages": ",".join(run.pair.languages),
        "configuration": run.folder / FILE,
        "updates": run.updates,
        "train_seconds": sum(each.records.counts("pretrain").get("seconds", 0.0) for each in run.chain),
    }
    command = [*program("alignmlm"), "collect", *flags(what), *(f"--set={name}={kept[name]}" for name in kept)]
    inputs = [run.folder / "alignment.json", run.folder / FILE, *sorted(run.folder.glob("*/*/score-*.json"))]
    if curves.wanted(run):
        inputs.append(run.folder / "curves" / "emergence.json")
        inputs += sorted(run.folder.glob("curves/*/*/*/score-*.json"))
    settings = {"kept": {name: str(value) for name, value in kept.items()}}
    return Step("collect", [command], inputs, [run.folder / "result.json"], settings)


def finetuning_updates(run: Experiment, task: Transfer, language: str, epochs: int | None = None) -> tuple[int, int]:
    """Return the epochs of a task, those of tagging as given if they are, and its updates."""
    settings = run.configuration.finetune
    epochs = (epochs or settings.epochs) if task.is_tagging else settings.classification_epochs
    examples = count_examples(run.pair.labelled_data(task.data, language) / "train.tsv", task.is_tagging)
    return epochs, epochs * -(-examples // settings.batch)


def count_examples(path: Path, tagging: bool) -> int:
    """Return how many sentences, or lines, a file of labelled data has.

    Raises:
        InputError: it is missing.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return sum(1 for line in handle if line.strip("\n") == "" or not tagging)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError.at(path, None, "no such file", "prepare the labelled data first (stage 6)") from None
