"""Zero-shot transfer: a checkpoint is fine-tuned on labelled data of one language and tested in several."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.run.data_steps import data_step
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.run_steps import BEGUN, CLASSIFICATION, TAGGING, USER_DIR, count_examples
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.stages import say
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.run.training import Trainer, publish

EPOCHS = {True: 10, False: 5}  # XTREME's, of tagging and of the others


@dataclass(frozen=True)
class TransferData:
    """Labelled data of a task.

    Attributes:
        root: the folder of the vocabulary, as of a pair; the data go to its ``xtreme/``.
        task: udpos, panx, xnli or pawsx.
        source: the language that is trained on.
        train: its training data.
        dev: its development data.
        tests: test data by language.
        tokeniser: how text is cut into words; words of an imported model are not parted from punctuation first.
        labels: folder of the labels of test data that have none, by task; none: they are predicted and not scored.
    """

    root: Path
    task: str
    source: str
    train: Path
    dev: Path
    tests: Mapping[str, Path]
    tokeniser: str
    labels: Path | None = None

    @property
    def tagging(self) -> bool:
        """Whether words are labelled."""
        return TASKS[self.task].kind is Kind.TAGS

    @property
    def metric(self) -> str:
        """What chooses the best checkpoint on the development data."""
        return "f1" if self.tagging else "accuracy"

    @cached_property
    def unlabelled(self) -> tuple[str, ...]:
        """The languages whose test data have no labels."""
        columns = 1 if self.tagging else 2
        return tuple(language for language, path in self.tests.items() if _columns(path) == columns)

    @property
    def scored(self) -> bool:
        """Whether there are labels to score with."""
        return self.labels is not None or not self.unlabelled

    def folder(self, language: str) -> Path:
        """Prepared data of a language."""
        return self.root / "xtreme" / self.task / language

    def step(self, vocabulary: Sequence[Path]) -> Step:
        """Return the step that brings the data of every language into the pieces of a vocabulary."""
        files = {"train": self.train, "dev": self.dev}
        files |= {"test": self.tests[self.source]} if self.source in self.tests else {}
        others = {language: path for language, path in self.tests.items() if language != self.source}
        options = {"pair": self.root, "task": self.task, "tokeniser": self.tokeniser, "language": self.source}
        options |= {"labels_of": self.train, **files}
        inputs = [*files.values(), *others.values(), *vocabulary]
        outputs = [*map(self.folder, (self.source, *others))]
        further = [f"--test-of={language}={path}" for language, path in others.items()]
        name = f"{self.task}.data"
        return data_step(name, "xtreme", options, inputs, outputs, further, languages=list(self.tests))


@dataclass(frozen=True)
class TransferRun:
    """A checkpoint, a task, and where everything is written.

    Attributes:
        folder: of the run.
        checkpoint: of RoBERTa, XLM-R or this package.
        data: the labelled data.
        architecture: settings that build the checkpoint's encoder.
        settings: ``seed``, ``epochs``, ``lr``, ``batch``, ``device_batch``, ``max_length``, and ``select_every``: after
            so many updates, besides after each epoch, the development data decide (default: after epochs only).
        launch: where it trains.
        languages: those of the checkpoint's language embeddings; none for a checkpoint without.
        fairseq: further words of ``fairseq-train``.
    """

    folder: Path
    checkpoint: Path
    data: TransferData
    architecture: Mapping[str, Any]
    settings: Mapping[str, Any]
    launch: Launch
    languages: Sequence[str] = ()
    fairseq: Sequence[str] = ()

    def steps(self) -> list[Step]:
        """Return the steps of the run; the data have to be prepared."""
        return [self._finetune(), self._predict(), *([self._score()] if self.data.scored else [])]

    def _finetune(self) -> Step:
        data, settings = self.data.folder(self.data.source), self.settings
        batch, device = settings["batch"], min(settings["device_batch"], settings["batch"])
        examples = count_examples(data / "train.tsv", self.data.tagging) + (1 if self.data.tagging else 0)
        kind = [*TAGGING, "--long-sentences=split"] if self.data.tagging else CLASSIFICATION
        options = [
            *kind,
            *([f"--languages={','.join(self.languages)}", f"--language={self.data.source}"] if self.languages else []),
            *flags({"arch": "multilingual_roberta", **self.architecture}),
            *flags(
                {
                    "max_length": settings["max_length"],
                    "batch_size": device,
                    "update_freq": batch // device,
                    "seed": settings["seed"],
                    "max_epoch": settings["epochs"],
                    "total_num_update": settings["epochs"] * -(-examples // batch),
                    "optimizer": "adam",
                    "adam_betas": "(0.9, 0.999)",
                    "adam_eps": 1e-8,
                    "weight_decay": 0.0,
                    "clip_norm": 1.0,
                    "lr": settings["lr"],
                    "lr_scheduler": "polynomial_decay",
                    "warmup_updates": 0,
                    "dropout": 0.1,
                    "attention_dropout": 0.1,
                    "best_checkpoint_metric": self.data.metric,
                    "maximize_best_checkpoint_metric": True,
                    "num_workers": 0,
                }
            ),
            *(flags(_every(settings["select_every"])) if settings.get("select_every") else []),
            *self.fairseq,
        ]
        command = [
            *self.launch.command(),
            str(data / "bin"),
            f"--user-dir={USER_DIR}",
            *options,
            *self.launch.options(),
        ]
        command += [f"--finetune-from-model={self.checkpoint}", f"--save-dir={self.folder}", "--no-epoch-checkpoints"]
        command += ["--log-format=simple", "--log-interval=100"]
        output, log = self.folder / "finetuned.pt", self.folder / "train.log"
        inputs = [self.checkpoint, data / "train.tsv", data / "bin"]

        def make() -> Mapping[str, Any]:
            begun, note = {"options": options}, self.folder / BEGUN
            if not note.is_file() or read_settings_file(note) != begun:
                for path in self.folder.glob("checkpoint_*.pt"):
                    path.unlink()  # of other settings
                write_settings_file(note, begun)
            what = f"fine-tuning, {settings['epochs']} epochs of {examples} instances"
            Trainer(log, say, {}).train(command, what, settings["epochs"] * -(-examples // batch))
            publish(self.folder / "checkpoint_best.pt", output)
            for path in self.folder.glob("checkpoint_*.pt"):
                path.unlink()
            return {"development": development_scores(log, self.data.metric)}

        return Step("finetune", [command], inputs, [output], {"options": options}, make=make, costly=True)

    def _predict(self) -> Step:
        checkpoint, tests = self.folder / "finetuned.pt", list(self.data.tests)
        data = {language: self.data.folder(language) / "bin" for language in tests}
        folder = self.folder / "predictions" / self.data.task
        outputs = {language: folder / f"test-{language}.tsv" for language in tests}
        command = [*program("alignmlm"), "predict", f"--checkpoint={checkpoint}", "--split=test"]
        together = [*command, f"--output={outputs[tests[0]] if len(tests) == 1 else folder}", "--data"]
        commands = [[*together, *map(str, data.values())]]
        if self.languages:
            commands = [
                [*command, f"--output={outputs[each]}", f"--language={each}", f"--data={data[each]}"] for each in tests
            ]
        return Step("predict", commands, [checkpoint, *data.values()], [*outputs.values()], {"languages": tests})

    def _score(self) -> Step:
        languages = ",".join(self.data.tests)
        files = [f"--task={self.data.task}", f"--predictions={self.folder / 'predictions'}"]
        files += [f"--gold={self.data.labels or self.data.root / 'xtreme'}", f"--languages={languages}"]
        output, checkpoint = self.folder / "score.json", self.folder / "finetuned.pt"
        score = [*program("alignmlm"), "score", *files, "--profile=xtreme", f"--source-language={self.data.source}"]
        score += [f"--seed={self.settings['seed']}", f"--model={checkpoint}", f"--json={output}"]
        check = [*program("alignmlm"), "check", *files]
        predictions = [
            self.folder / "predictions" / self.data.task / f"test-{language}.tsv" for language in self.data.tests
        ]
        gold = [self.data.folder(language) / "test.tsv" for language in self.data.tests]
        if self.data.labels is not None:
            gold = [self.data.labels / self.data.task / f"test-{language}.tsv" for language in self.data.tests]
        return Step("score", [check, score], [*predictions, *gold], [output], {"languages": languages})


def _columns(path: Path) -> int:
    """Return how many columns the first line of labelled data has that is not blank."""
    if path.suffix == ".conllu":
        return 0
    return next((line.text.count("\t") + 1 for line in numbered_lines(path) if line.text.strip()), 0)


def _every(updates: int) -> dict[str, Any]:
    """Return the options by which every so many updates the checkpoint is compared with the best one."""
    return {"validate_interval_updates": updates, "save_interval_updates": updates, "keep_interval_updates": 1}


def development_scores(log: Path, metric: str) -> dict[str, float]:
    """Return the metric on the development data by updates, as the log of training tells."""
    found = {}
    value, updates = (re.compile(rf" \| {name} (\d{{1,9}}(?:\.\d+)?)(?: |$)") for name in (metric, "num_updates"))
    with open(log, encoding="utf-8", errors="replace") as handle:
        for line in handle:
            line = line[:4000].rstrip()
            if " | valid | " in line and (score := value.search(line)) and (when := updates.search(line)):
                found[when[1]] = float(score[1])
    return found
