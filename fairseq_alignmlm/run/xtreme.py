"""XTREME's protocol for a pre-trained checkpoint: from labelled data of several languages to checked scores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind
from fairseq_alignmlm.exchange.tokenizer import SOURCE
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.run.data_steps import copy_step, data_step
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.run_steps import BEGUN, CLASSIFICATION, TAGGING, USER_DIR, count_examples
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.stages import say
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.run.training import Trainer, publish

ENGLISH = "en"


@dataclass(frozen=True)
class XtremeRun:
    """A checkpoint, a task, and where everything is written.

    Attributes:
        work: gets ``model`` (the vocabulary and the prepared data) and ``<task>-<seed>``.
        checkpoint: of RoBERTa, XLM-R or this package.
        vocabulary: its dict.txt.
        sentencepiece: its model of pieces, or the tokenizer.json of an imported model.
        task: udpos, panx, xnli or pawsx.
        train: English training data.
        dev: English development data.
        tests: test data by language.
        settings: ``seed``, ``epochs``, ``lr``, ``batch``, ``device_batch`` and ``max_length``.
        launch: where it trains.
        fairseq: further words of ``fairseq-train``.
    """

    work: Path
    checkpoint: Path
    vocabulary: Path
    sentencepiece: Path
    task: str
    train: Path
    dev: Path
    tests: Mapping[str, Path]
    settings: Mapping[str, Any]
    launch: Launch
    fairseq: Sequence[str] = ()

    @property
    def model(self) -> Path:
        """The folder of the vocabulary: it takes the place of a pair's."""
        return self.work / "model"

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.work / f"{self.task}-{self.settings['seed']}"

    @property
    def tagging(self) -> bool:
        """Whether words are labelled."""
        return TASKS[self.task].kind is Kind.TAGS

    @property
    def metric(self) -> str:
        """What chooses the best epoch on the English development data."""
        return "f1" if self.tagging else "accuracy"

    def identity(self, records: Records) -> dict[str, Any]:
        """Return what later calls must agree with."""
        given = [self.checkpoint, self.vocabulary, self.sentencepiece, self.train, self.dev]
        return {
            "settings": {name: value for name, value in self.settings.items() if name != "device_batch"},
            "data": [digest for path in given for digest in records.digest([path]).values()],
            "fairseq": list(self.fairseq),
        }

    def vocabulary_identity(self, records: Records) -> dict[str, Any]:
        """Return what other runs in the same ``work`` must agree with."""
        return {"vocabulary": list(records.digest([self.vocabulary, self.sentencepiece]).values())}

    def model_steps(self) -> list[Step]:
        """Return the steps that bring the vocabulary and the labelled data of every language into its pieces."""
        imported = self.sentencepiece.name == TOKENIZER
        pieces, symbols = self.model / (TOKENIZER if imported else "spm.model"), self.model / "bin" / "dict.txt"
        found = [copy_step("sentencepiece", self.sentencepiece, pieces), copy_step("dict", self.vocabulary, symbols)]
        if imported:  # what says which tokens are special
            found.append(copy_step("source", self.sentencepiece.with_name(SOURCE), self.model / SOURCE))
        files = {"train": self.train, "dev": self.dev}
        files |= {"test": self.tests[ENGLISH]} if ENGLISH in self.tests else {}
        others = {language: path for language, path in self.tests.items() if language != ENGLISH}
        options = {"pair": self.model, "task": self.task, "tokeniser": "none", "language": ENGLISH}
        options |= {"labels_of": self.train, **files}
        inputs, outputs = [*files.values(), *others.values(), pieces, symbols], [*map(self.data, (ENGLISH, *others))]
        further = [f"--test-of={language}={path}" for language, path in others.items()]
        name = f"{self.task}.data"
        return [*found, data_step(name, "xtreme", options, inputs, outputs, further, languages=list(self.tests))]

    def data(self, language: str) -> Path:
        """Prepared data of a language."""
        return self.model / "xtreme" / self.task / language

    def steps(self, architecture: Mapping[str, Any]) -> list[Step]:
        """Return the steps of the run, once the data are prepared.

        Args:
            architecture: settings that build the checkpoint's encoder.
        """
        return [self._finetune(architecture), self._predict(), self._score()]

    def _finetune(self, architecture: Mapping[str, Any]) -> Step:
        data, settings = self.data(ENGLISH), self.settings
        batch, device = settings["batch"], min(settings["device_batch"], settings["batch"])
        examples = count_examples(data / "train.tsv", self.tagging) + (1 if self.tagging else 0)
        kind = [*TAGGING, "--long-sentences=split"] if self.tagging else CLASSIFICATION
        options = [
            *kind,
            *flags({"arch": "multilingual_roberta", **architecture}),
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
                    "best_checkpoint_metric": self.metric,
                    "maximize_best_checkpoint_metric": True,
                    "num_workers": 0,
                }
            ),
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
            return {"development": development_scores(log, self.metric)}

        return Step("finetune", [command], inputs, [output], {"options": options}, make=make, costly=True)

    def _predict(self) -> Step:
        checkpoint, data = self.folder / "finetuned.pt", [self.data(language) / "bin" for language in self.tests]
        folder = self.folder / "predictions" / self.task
        outputs = [folder / f"test-{language}.tsv" for language in self.tests]
        command = [*program("alignmlm"), "predict", f"--checkpoint={checkpoint}", "--split=test"]
        command += [f"--output={outputs[0] if len(data) == 1 else folder}", "--data", *map(str, data)]
        return Step("predict", [command], [checkpoint, *data], outputs, {"languages": list(self.tests)})

    def _score(self) -> Step:
        languages = ",".join(self.tests)
        files = [f"--task={self.task}", f"--predictions={self.folder / 'predictions'}"]
        files += [f"--gold={self.model / 'xtreme'}", f"--languages={languages}"]
        output, checkpoint = self.folder / "score.json", self.folder / "finetuned.pt"
        score = [*program("alignmlm"), "score", *files, "--profile=xtreme", f"--source-language={ENGLISH}"]
        score += [f"--seed={self.settings['seed']}", f"--model={checkpoint}", f"--json={output}"]
        check = [*program("alignmlm"), "check", *files]
        predictions = [self.folder / "predictions" / self.task / f"test-{language}.tsv" for language in self.tests]
        gold = [self.data(language) / "test.tsv" for language in self.tests]
        return Step("score", [check, score], [*predictions, *gold], [output], {"languages": languages})


def development_scores(log: Path, metric: str) -> dict[str, float]:
    """Return the metric on the English development data after each epoch, as the log of training tells."""
    found = {}
    pattern = re.compile(rf"\| valid \| epoch (\d{{1,6}}) .* \| {metric} (\d+(?:\.\d+)?)(?: |$)")
    with open(log, encoding="utf-8", errors="replace") as handle:
        for line in handle:
            if match := pattern.search(line[:4000]):
                found[f"{int(match[1])}"] = float(match[2])
    return found
