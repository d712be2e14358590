"""Any number of natural languages, from raw text or from a published model: data, runs, and measures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.exchange.tokenizer import SOURCE
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.run.data_steps import binarize_step, copy_step, data_step, version
from fairseq_alignmlm.run.experiment import USER_DIR
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.objectives import Objective
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.stages import say
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.run.training import Trainer, publish
from fairseq_alignmlm.run.transfer import EPOCHS, TransferData, TransferRun
from fairseq_alignmlm.storage import atomic_path

Pair = tuple[str, str]


@dataclass(frozen=True)
class Languages:
    """What the recipe is given.

    Attributes:
        root: the folder of everything that is written.
        texts: by language, its files or folders; the first is L1.
        dictionaries: by pair, files of word pairs.
        parallel: by pair, two files of equally many lines.
        labelled: by task, training and development data of L1, and test data by language.
        checkpoint: an imported model to go on from; None to begin anew.
        pieces: of a joint vocabulary, where there is no checkpoint.
        held_out: share of the dictionaries' words that are kept for measuring.
        sampling_alpha: languages are sampled in proportion to size ** alpha.
        workers: processes.
    """

    root: Path
    texts: Mapping[str, Sequence[Path]]
    dictionaries: Mapping[Pair, Sequence[Path]]
    parallel: Mapping[Pair, tuple[Path, Path]]
    labelled: Mapping[Transfer, tuple[Path, Path, Mapping[str, Path]]]
    checkpoint: Path | None
    pieces: int
    held_out: float
    sampling_alpha: float
    workers: int

    @property
    def names(self) -> str:
        """The languages, with commas."""
        return ",".join(self.texts)

    @property
    def model(self) -> Path:
        """What cuts words into pieces."""
        return self.root / (TOKENIZER if self.checkpoint else "spm.model")

    @property
    def symbols(self) -> Path:
        """fairseq's dictionary of all languages."""
        return self.root / "bin" / "dict.txt"

    def dictionary(self, pair: Pair, held_out: bool = False) -> Path:
        """The entries of a pair."""
        return self.root / f"dictionary.{'-'.join(pair)}{'.held_out' if held_out else ''}.tsv"

    def data_steps(self) -> list[Step]:
        """Return the steps from text to binarized data of every language and pair."""
        steps = [*self._texts(), self._vocabulary(), self._encode()]
        steps += [self._dictionary(pair, files) for pair, files in self.dictionaries.items()]
        steps.append(binarize_step(self.root, list(self.texts), self.workers))
        steps += [step for pair, files in self.parallel.items() for step in self._parallel(pair, files)]
        steps += [self._joint_parallel()] if self.parallel else []
        return [*steps, *(self.transfer_data(task).step([self.model, self.symbols]) for task in self.labelled)]

    def transfer_data(self, task: Transfer) -> TransferData:
        """Return the labelled data of a task: L1 is trained on."""
        train, dev, tests = self.labelled[task]
        return TransferData(self.root, task.data, next(iter(self.texts)), train, dev, tests, self._tokeniser)

    @property
    def _tokeniser(self) -> str:
        """Words of an imported model are not parted from punctuation first: its tokenizer does that itself."""
        return "none" if self.checkpoint else "moses"

    def _of_each(self, kind: str) -> list[Path]:
        return [self.root / kind / name for name in self.texts]

    def _texts(self) -> list[Step]:
        cut = {"tokeniser": self._tokeniser}
        found = []
        for name, files in self.texts.items():
            options = {"pair": self.root, "language": name, "workers": self.workers, **cut}
            output = self.root / "text" / name
            found.append(data_step(f"text.{name}", "sentences", options, files, [output], ["--", *files], **cut))
        return found

    def _vocabulary(self) -> Step:
        verb = "vocabulary"
        options: dict[str, Any] = {"pair": self.root}
        if self.checkpoint:
            folder, names = self.checkpoint.parent, (TOKENIZER, SOURCE)
            options["from_checkpoint"] = folder
            return data_step(
                verb, verb, options, [folder / each for each in names], [self.root / each for each in names]
            )
        options |= {"languages": self.names, "size": self.pieces}
        return data_step(verb, verb, options, self._of_each("text"), [self.model], size=self.pieces)

    def _encode(self) -> Step:
        options = {"pair": self.root, "languages": self.names, "workers": self.workers}
        inputs, outputs = [self.model, *self._of_each("text")], [self.symbols, *self._of_each("pieces")]
        return data_step("encode", "encode", options, inputs, outputs)

    def _dictionary(self, pair: Pair, files: Sequence[Path]) -> Step:
        outputs = [self.dictionary(pair), self.dictionary(pair, held_out=True)]
        options = {"model": self.model, "vocab": self.symbols, "held_out": self.held_out, "output": outputs[0]}
        options |= {"max_pieces": 8} if self.checkpoint else {}
        inputs, words = [*files, self.model, self.symbols], ["--input", *map(str, files)]
        name = f"dictionary.{'-'.join(pair)}"
        return data_step(name, "translations", options, inputs, outputs, words, held_out=self.held_out)

    def _pair_folder(self, pair: Pair) -> Path:
        return self.root / "pairs" / "-".join(pair)

    def _parallel(self, pair: Pair, files: tuple[Path, Path]) -> list[Step]:
        """Encode the text of a pair in a folder of its own, which has the same vocabulary."""
        folder, name = self._pair_folder(pair), "-".join(pair)
        shared = [self.model, self.symbols, self.symbols.with_name("identity.json")]
        shared += [self.root / SOURCE] if self.checkpoint else []
        copies = {path: folder / path.relative_to(self.root) for path in shared}
        options = {"pair": folder, "languages": ",".join(pair), "tokeniser": self._tokeniser, "workers": self.workers}
        inputs, words = [*files, *copies.values()], ["--input", *map(str, files)]
        return [
            *(copy_step(f"{source.name}.{name}", source, target) for source, target in copies.items()),
            data_step(f"parallel.{name}", "bitext", options, inputs, [folder / "parallel"], words),
        ]

    def _joint_parallel(self) -> Step:
        """Gather the parallel text of all pairs in one folder, as the criterion reads it."""
        folders = [self._pair_folder(pair) / "parallel" for pair in self.parallel]

        def make() -> Mapping[str, Any]:
            with atomic_path(self.root / "parallel", folder=True) as target:
                target.mkdir(parents=True)
                for folder in folders:
                    for path in folder.iterdir():
                        if path.suffix in (".bin", ".idx") or path.name == "identity.json":
                            shutil.copyfile(path, target / path.name)
            return {}

        return Step("parallel", [], folders, [self.root / "parallel"], make=make)

    def run_steps(
        self, objective: Objective, seed: int, settings: Mapping[str, Any], launch: Launch, more: Sequence[str]
    ) -> list[Step]:
        """Return the steps of one run: pre-training, and measures of every pair.

        Args:
            objective: what is trained.
            seed: of the run.
            settings: of ``fairseq-train``.
            launch: where it runs.
            more: further words of ``fairseq-train``.

        Raises:
            InputError: the objective needs dictionaries or parallel text, and there are none.
        """
        folder = self.root / "runs" / f"{objective.name}-{seed}"
        output = folder / "pretrained.pt"
        options = ["--task=multilingual_mlm", f"--languages={self.names}", f"--criterion={objective.criterion}"]
        options += flags({"sampling_alpha": self.sampling_alpha, "seed": seed, **settings})
        options += flags({each.name: each.natural for each in objective.settings})
        inputs = [self.symbols, *self._of_each("bin")]
        read = objective.reads
        if "dictionary" in read:
            if not self.dictionaries:
                raise InputError(f"objective {objective.name} needs dictionaries: give --dictionary L1-L2=FILE")
            options.append(f"{read['dictionary']}={self._named_dictionaries()}")
            inputs += [self.dictionary(pair) for pair in self.dictionaries]
        if "parallel" in read:
            if not self.parallel:
                raise InputError(f"objective {objective.name} needs parallel text: give --parallel L1-L2=FILE,FILE")
            options += [f"{read['parallel']}={self.root / 'parallel'}"]
            options += [f"--tlm-pairs={','.join('-'.join(pair) for pair in self.parallel)}"]
            inputs.append(self.root / "parallel")
        if self.checkpoint:
            options += [f"--finetune-from-model={self.checkpoint}"]
            options += ["--without-language-ids"] if objective.language_ids else []
            inputs.append(self.checkpoint)
        elif objective.language_ids:
            options.append("--language-embeddings")
        command = [*launch.command(), str(self.root / "bin"), f"--user-dir={USER_DIR}", *options, *more]
        command += [*launch.options(), f"--save-dir={folder}", "--no-epoch-checkpoints", "--disable-validation"]

        def make() -> Mapping[str, Any]:
            folder.mkdir(parents=True, exist_ok=True)
            until = int(settings["max_update"])
            Trainer(folder / "train.log", say, {}).train(command, f"{objective.title}, {until} updates", until)
            publish(folder / "checkpoint_last.pt", output)
            return {}

        record = {"options": [*options, *more]}
        return [
            Step("pretrain", [command], inputs, [output], record, make=make, costly=True),
            *self._measure(folder, output),
        ]

    def transfer_runs(self, folder: Path, finetuning: Mapping[str, Any], launch: Launch) -> Iterator[TransferRun]:
        """Yield the fine-tuning and tests of every task on the pre-trained model of a run.

        Args:
            folder: of the run.
            finetuning: ``seed``, ``lr``, ``batch``, ``device_batch``, ``max_length`` and, unless XTREME's are taken,
                ``epochs``.
            launch: where it trains.
        """
        from fairseq_alignmlm.evaluation.architecture import architecture
        from fairseq_alignmlm.evaluation.checkpoint import language_names, read_state

        state = read_state(folder / "pretrained.pt")
        shape = architecture(state, folder / "pretrained.pt")
        names = tuple(language_names(state)) if shape["language_embeddings"] else ()
        for task in self.labelled:
            data = self.transfer_data(task)
            settings = {"epochs": EPOCHS[data.tagging], **finetuning}
            settings["max_length"] = min(int(settings["max_length"]), int(shape["max_positions"]))
            yield TransferRun(folder / task.name, folder / "pretrained.pt", data, shape, settings, launch, names)

    def _named_dictionaries(self) -> str:
        return ",".join(f"{'-'.join(pair)}={self.dictionary(pair)}" for pair in self.dictionaries)

    def _measure(self, folder: Path, model: Path) -> list[Step]:
        """Retrieve held-out words and, where there is parallel text, sentences: the numbers of every language pair."""
        found = []
        for pair in self.dictionaries:
            name = "-".join(pair)
            output = folder / f"alignment.{name}.json"
            held_out = self.dictionary(pair, held_out=True)
            command = [*program("alignmlm"), "alignment", f"--checkpoint={model}", f"--vocab={self.symbols}"]
            command += [
                f"--dictionary={self.dictionary(pair)}",
                f"--held-out={held_out}",
                f"--languages={name.replace('-', ',')}",
            ]
            command += [f"--json={output}"]
            found.append(Step(f"alignment.{name}", [command], [model, held_out], [output], version()))
        if self.parallel:
            sentences = [f"--sentences={'-'.join(pair)}={a},{b}" for pair, (a, b) in self.parallel.items()]
            command = [*program("alignmlm"), "measure", str(model), f"--vocabulary={self.root}", *sentences]
            command += [f"--output={folder / 'measured'}", "--limit=500"]
            inputs = [model, *(path for files in self.parallel.values() for path in files)]
            found.append(Step("measure", [command], inputs, [folder / "measured"], version()))
        return found
