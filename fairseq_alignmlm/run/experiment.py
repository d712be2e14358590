"""One run: pre-train one objective with one seed, fine-tune on both languages, predict, score, gather the result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run import processes
from fairseq_alignmlm.run.configuration import Configuration
from fairseq_alignmlm.run.flags import block_flags, blocks_of, flags, model_flags, optimisation_flags
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.locks import FolderLock
from fairseq_alignmlm.run.objectives import Objective
from fairseq_alignmlm.run.pair_folder import FILE, OTHER, PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.provenance import made_by
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.run.training import LAST, Trainer, pretrain, publish, remove

USER_DIR = str(Path(__file__).resolve().parents[1])
LOGGING = ["--no-epoch-checkpoints", "--disable-validation", "--log-format=simple", "--log-interval=100"]


@dataclass
class Experiment:
    """A run in the folder of a pair.

    Attributes:
        pair: the prepared data.
        configuration: all settings, as chosen.
        base: the scale's own: what differs from them stands in the run's name.
        objective: what is trained.
        seed: of pre-training and fine-tuning.
        tasks: that it is tested on.
        launch: where pre-training runs; fine-tuning takes one GPU of these.
        environment: variables of its children.
        keep_open: file descriptors of its children: the lock lasts as long as they do.
    """

    pair: PairFolder
    configuration: Configuration
    base: Configuration
    objective: Objective
    seed: int
    tasks: tuple[Transfer, ...]
    launch: Launch = field(default_factory=Launch)
    environment: Mapping[str, str] = field(default_factory=dict)
    keep_open: tuple[int, ...] = ()

    @property
    def settings(self) -> dict[str, float]:
        """The values of the objective's settings: chosen, else its defaults."""
        return self._settings(self.configuration)

    def _settings(self, configuration: Configuration) -> dict[str, float]:
        natural = self.pair.natural
        return {
            each.name: configuration.objective.get(each.name, each.natural if natural else each.default)
            for each in self.objective.settings
        }

    @property
    def name(self) -> str:
        """The objective, and what differs from the scale's settings."""
        found = self.objective.name
        percent = self.configuration.data.dictionary_percent
        if not self.pair.natural and percent != self.base.data.dictionary_percent:
            found += f".dictionary{percent:g}"
        usual = self._settings(self.base)
        for setting in self.objective.settings:
            if self.settings[setting.name] != usual[setting.name]:
                found += f".{setting.word}{self.settings[setting.name]:g}"
        return f"{found}-{self.seed}"

    @property
    def folder(self) -> Path:
        """Where everything of the run is written."""
        return self.pair.root / "runs" / self.name

    @cached_property
    def records(self) -> Records:
        """The records of its steps."""
        return Records(self.folder, [Records(self.pair.root).hashes])

    def say(self, text: str) -> None:
        """Tell people, with the time and the run's name, since several run at a time."""
        print(f"{time.strftime('%H:%M:%S')} {self.name}: {text}", flush=True)

    # ---- what it reads

    def _read_files(self) -> dict[str, Path]:
        """Return the files that the criterion reads, by kind."""
        there = {"dictionary": self.pair.dictionary(self.configuration.data.dictionary_percent)}
        if self.pair.natural:
            there["parallel"] = self.pair.parallel
        else:
            there["counterparts"] = self.pair.root / "counterparts.tsv"
        return {kind: there[kind] for kind in self.objective.reads if kind in there}

    def _data(self) -> list[Path]:
        read = self._read_files()
        # counterparts only measure: what is trained does not depend on them
        paths = [path for kind, path in read.items() if kind != "counterparts"]
        return [self.pair.vocabulary, *(self.pair.binarized / name for name in self.pair.languages), *paths]

    def check(self) -> None:
        """Refuse what cannot be done, before anything is written.

        Raises:
            InputError: the data are not prepared, or the folder holds a run with other settings or data.
        """
        for path in self._data():
            if not path.exists():
                if path == self.pair.parallel:
                    first, second = self.pair.languages
                    what = f"objective {self.objective.name} needs parallel text of {first} and {second}"
                    raise InputError(f"{what}: give --parallel {first.upper()}FILE,{second.upper()}FILE")
                raise InputError.at(path, None, "no such file", "prepare the pair first (stages 1 to 5)")
        for task in self.tasks:
            if not self.pair.labelled_data(task.data, self.pair.languages[0]).is_dir():
                what = f"has no data of the task {task.name}"
                raise InputError.at(self.pair.root, None, what, "prepare them first (stage 6)")
        path = self.folder / FILE
        if not path.is_file():
            if any((self.folder / name).exists() for name in ("settings.txt", "pretrained.pt", "result.json")):
                what = "holds a run without a record of its settings, perhaps of an earlier version"
                raise InputError.at(self.folder, None, what, OTHER)
            return
        there = read_settings_file(path)
        differing = _first_difference(there.get("pretraining"), self._identity["pretraining"])
        differing = differing or _first_difference(there.get("data"), self._identity["data"])
        if differing:
            raise InputError.at(self.folder, None, f"was made with other settings or data ({differing})", OTHER)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return {
            "pretraining": self._block_options(),
            "data": {path: digest[:16] for path, digest in self.records.digest(self._data()).items()},
        }

    def _write_configuration(self) -> None:
        record: dict[str, Any] = {
            "objective": self.objective.name,
            "seed": self.seed,
            "languages": list(self.pair.languages),
            "transformation": self.pair.transformation,
            "scale": self.pair.scale,
            "configuration": self.configuration.as_dict(),
            **self._identity,
        }
        path = self.folder / FILE
        if path.is_file():
            there = {name: value for name, value in read_settings_file(path).items() if name != "made_by"}
            if there == json.loads(json.dumps(record)):
                return
        write_settings_file(path, record | {"made_by": made_by()})

    # ---- steps

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        found = [self._pretrain(), self._align()]
        first, second = self.pair.languages
        for task in self.tasks:
            found += [self._finetune(task, language) for language in self.pair.languages]
            found += [
                self._score(task, *languages) for languages in ((first, first), (first, second), (second, second))
            ]
        return [*found, self._collect()]

    def is_done(self) -> bool:
        """Tell whether nothing is left to do."""
        try:
            self.check()
            return not any(self.records.stale(step) for step in self.steps())
        except InputError:
            return False

    def run(self, until: str = "result") -> None:
        """Do what is not up to date.

        Args:
            until: ``pretrain`` leaves out what comes after pre-training.

        Raises:
            InputError: see `check`; another process works in the folder; or a command failed.
        """
        self.check()
        lock = FolderLock(self.folder)
        try:
            lock.take()
            self._write_configuration()
            self.keep_open = (lock.descriptor,)
            for step in self.steps():
                self._do(step)
                if step.name == until:
                    break
        finally:
            lock.release()
        self.say("done")

    def _do(self, step: Step) -> None:
        if self.records.stale(step):
            if step.about:
                self.say(step.about)
            if step.make is not None:
                counts = step.make()
            else:
                counts = {}
                for command in step.commands:
                    processes.run(
                        command,
                        environment=self.environment,
                        log=self.folder / "scoring.log",
                        what=step.about or step.name,
                    )
            self.records.write(step, counts)
        if step.name == "pretrain":
            remove(self.folder / "pretrain")

    def _trainer(self, log: Path) -> Trainer:
        return Trainer(log, self.say, self.environment, self.keep_open)

    def _block_options(self) -> list[list[str]]:
        """Return the options of each block's pre-training that decide its result; files by name."""
        return [
            [
                *block_flags(self.configuration, self.objective, block, self.settings),
                *model_flags(self.configuration, self.objective),
                *optimisation_flags(self.configuration.pretrain),
                *flags({"batch": block.batch, "max_update": block.until, "seed": self.seed}),
                *self.configuration.fairseq,
            ]
            for block in blocks_of(self.configuration, self.objective)
        ]

    def _pretrain(self) -> Step:
        blocks = blocks_of(self.configuration, self.objective)
        read = [f"{self.objective.reads[kind]}={path}" for kind, path in self._read_files().items()]
        commands = [
            [
                *self.launch.command(),
                str(self.pair.binarized),
                f"--user-dir={USER_DIR}",
                "--task=multilingual_mlm",
                f"--languages={','.join(self.pair.languages)}",
                *block_flags(self.configuration, self.objective, block, self.settings),
                f"--batch-size={self.launch.share(block.batch)}",
                *model_flags(self.configuration, self.objective),
                *optimisation_flags(self.configuration.pretrain),
                *read,
                f"--seed={self.seed}",
                f"--max-update={block.until}",
                f"--total-num-update={blocks[-1].until}",
                *self.launch.options(),
                *LOGGING,
                *self.configuration.fairseq,
            ]
            for block in blocks
        ]
        output = self.folder / "pretrained.pt"

        def make() -> Mapping[str, Any]:
            trainer = self._trainer(self.folder / "train.log")
            known = [self.records.hashes]
            return pretrain(trainer, self.folder / "pretrain", output, blocks, commands, self._data(), known)

        settings = {"options": self._identity["pretraining"]}
        return Step("pretrain", commands, self._data(), [output], settings, make=make, costly=True)

    def _align(self) -> Step:
        option, measured = self.pair.measured()
        dictionary = self.pair.dictionary(self.configuration.data.dictionary_percent)
        checkpoint, output = self.folder / "pretrained.pt", self.folder / "alignment.json"
        command = [*program("alignmlm"), "alignment", f"--checkpoint={checkpoint}", f"--vocab={self.pair.vocabulary}"]
        command += [f"{option}={measured}", f"--dictionary={dictionary}", f"--json={output}"]
        inputs = [checkpoint, self.pair.vocabulary, measured, dictionary]
        return Step("alignment", [command], inputs, [output], about="alignment")

    def _finetune(self, task: Transfer, language: str) -> Step:
        tuned = self.folder / task.name / language
        data = self.pair.labelled_data(task.data, language)
        finetune = self.configuration.finetune
        epochs, length = (
            (finetune.epochs, finetune.max_length)
            if task.is_tagging
            else (finetune.classification_epochs, finetune.classification_max_length)
        )
        updates = epochs * -(-count_examples(data / "train.tsv", task.is_tagging) // finetune.batch)
        kind = (
            ["--task=xtreme_tagging", "--criterion=token_tagging"]
            if task.is_tagging
            else ["--task=xtreme_classification", "--criterion=sentence_classification"]
        )
        ids = [f"--languages={','.join(self.pair.languages)}", f"--language={language}"]
        options = [
            *kind,
            *flags({"max_length": length, "batch_size": finetune.batch}),
            *model_flags(self.configuration, self.objective),
            *(ids if self.objective.language_ids else []),
            *optimisation_flags(finetune),
            *flags({"max_epoch": epochs, "total_num_update": updates, "seed": self.seed}),
            *self.configuration.fairseq,
        ]
        one = Launch(min(1, self.launch.gpus))
        command = [*one.command(), str(data / "bin"), f"--user-dir={USER_DIR}", *options]
        command += [f"--finetune-from-model={self.folder / 'pretrained.pt'}", *one.options()]
        command += [f"--save-dir={tuned}", *LOGGING]
        inputs, output = [self.folder / "pretrained.pt", data / "train.tsv", data / "bin"], tuned / "finetuned.pt"

        def make() -> Mapping[str, Any]:
            begun = {"settings": options, "inputs": self.records.digest(inputs)}
            if not (tuned / FILE).is_file() or read_settings_file(tuned / FILE) != begun:
                remove(tuned)  # what was begun with other settings or data
                write_settings_file(tuned / FILE, begun)
            self._trainer(tuned / "train.log").train(command, f"fine-tuning {task.name} in {language}", updates)
            publish(tuned / LAST, output)
            for checkpoint in tuned.glob("checkpoint_*.pt"):
                checkpoint.unlink()
            return {}

        return Step(f"finetune.{task.name}.{language}", [command], inputs, [output], {"options": options}, make=make)

    def _score(self, task: Transfer, source: str, target: str) -> Step:
        tuned = self.folder / task.name / source
        data = self.pair.labelled_data(task.data, target)
        checkpoint, predictions, score = (
            tuned / "finetuned.pt",
            tuned / f"test-{target}.tsv",
            tuned / f"score-{target}.json",
        )
        alignmlm = program("alignmlm")
        predict = [
            *alignmlm,
            "predict",
            f"--checkpoint={checkpoint}",
            f"--data={data / 'bin'}",
            f"--output={predictions}",
        ]
        predict += [f"--language={target}"] if self.objective.language_ids else []
        measure = [
            *alignmlm,
            "score",
            f"--task={task.data}",
            f"--predictions={predictions}",
            f"--gold={data / 'valid.tsv'}",
        ]
        measure += [
            f"--language={target}",
            f"--source-language={source}",
            f"--seed={self.seed}",
            f"--model={checkpoint}",
        ]
        measure += ["--profile=paper", f"--json={score}"]
        return Step(
            f"score.{task.name}.{source}.{target}",
            [predict, measure],
            [checkpoint, data / "valid.tsv", data / "bin"],
            [predictions, score],
            about=f"scoring {task.name}: {source} to {target}",
        )

    def _collect(self) -> Step:
        output = self.folder / "result.json"
        scores = sorted(self.folder.glob("*/*/score-*.json"))
        kept = self._kept_settings()
        command = [*program("alignmlm"), "collect", f"--folder={self.folder}", f"--objective={self.objective.name}"]
        command += [f"--transformation={self.pair.transformation}", f"--scale={self.pair.scale}", f"--seed={self.seed}"]
        command += [f"--languages={','.join(self.pair.languages)}", f"--configuration={self.folder / FILE}"]
        command += [f"--updates={blocks_of(self.configuration, self.objective)[-1].until}"]
        seconds = self.records.read("pretrain").get("counts", {}).get("seconds")
        command += [f"--train-seconds={seconds}"] if isinstance(seconds, (int, float)) else []
        command += [f"--set={name}={value}" for name, value in kept.items()]
        inputs = [self.folder / "alignment.json", self.folder / FILE, *scores]
        return Step(
            "collect", [command], inputs, [output], {"kept": {name: str(value) for name, value in kept.items()}}
        )

    def _kept_settings(self) -> dict[str, Any]:
        """Return what the result says of its settings, for the report."""
        data, settings = self.pair.settings, dict(self.settings)
        kept: dict[str, Any] = {
            "vocabulary": data.get("vocabulary", ""),
            "random_tokens": self.configuration.pretrain.random_tokens,
        }
        if self.pair.natural:
            kept |= {"symbols": data.get("symbols", "")}
            apart = {each.name for each in self.objective.settings if each.natural != each.default}
            kept |= {(f"natural_{name}" if name in apart else name): value for name, value in settings.items()}
        else:
            kept |= {"dictionary_percent": self.configuration.data.dictionary_percent}
            kept |= {"overlap": data.get("overlap", 0.0), "data_seed": data.get("seed", 1), **settings}
        return kept | {"command_settings": " ".join(" ".join(block) for block in self._identity["pretraining"])}


def _first_difference(there: Any, wanted: Any) -> str:
    """Return what differs first between a record and what is wanted; nothing when they agree."""
    wanted = json.loads(json.dumps(wanted))
    if there == wanted:
        return ""
    if isinstance(there, list) and isinstance(wanted, list):
        for number, (old, new) in enumerate(zip(there, wanted, strict=False), 1):
            if isinstance(old, list) and isinstance(new, list) and old != new:
                was, now = ([word for word in one if word not in other] for one, other in ((old, new), (new, old)))
                return f"block {number}: {' '.join(map(str, was)) or 'nothing'}, now {' '.join(now) or 'nothing'}"
        return "other blocks"
    if isinstance(there, dict) and isinstance(wanted, dict):
        return f"another {next(iter(name for name in {**wanted, **there} if there.get(name) != wanted.get(name)))}"
    return "no record of it"


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
