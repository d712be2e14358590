"""The steps that prepare a derived pair: from text to binarized data of L1 and of the language derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.configuration import Configuration, Synthetic
from fairseq_alignmlm.run.data_steps import binarize_step, copy_step, data_step, digest_of
from fairseq_alignmlm.run.pair_folder import FILE, PairFolder
from fairseq_alignmlm.run.steps import Command, Records, Step

SOURCE = "en"
TOY_ORDER = "french"
STAGES = {
    1: "text",
    2: "vocabulary",
    3: "derivation",
    4: "encoding and dictionary",
    5: "binarized data",
    6: "labelled data",
    7: "runs",
    8: "report",
}


@dataclass(frozen=True)
class DerivedPair:
    """What a derived pair is made of.

    Attributes:
        work: folder of everything that is written.
        scale: name of the scale.
        configuration: the settings.
        transforms: of words, in order, such as ``("inv",)``.
        corpus: text of L1; none for the synthetic language.
        labelled: training and development data by task; none for the synthetic language.
        tasks: of the synthetic language.
        orders: folder of ordering models, for the syntax transformation.
        superstrate: whose word order is taken.
        parser: folder of parsing models.
        workers: processes.
    """

    work: Path
    scale: str
    configuration: Configuration
    transforms: tuple[str, ...]
    corpus: Path | None
    labelled: Mapping[Transfer, tuple[Path, Path]]
    tasks: tuple[Transfer, ...]
    orders: Path | None
    superstrate: str
    parser: Path | None
    workers: int

    @property
    def language(self) -> str:
        """Name of the derived language."""
        return "_".join([f"{SOURCE}_trans", *self.transforms])

    @property
    def root(self) -> Path:
        """Folder of the pair; other symbols or another seed of the data are other pairs."""
        data = self.configuration.data
        name = f"{SOURCE}-{self.language}"
        name += f".overlap{data.overlap:g}" if data.overlap else ""
        name += f".data{data.seed}" if data.seed != 1 else ""
        name += f".{data.variant}" if data.variant else ""
        return self.work / self.scale / name

    @property
    def needs_trees(self) -> bool:
        """Whether a transformation reads dependency trees."""
        return "syn" in self.transforms

    @property
    def synthetic(self) -> Synthetic | None:
        """The sizes of the synthetic language, if it is that."""
        return self.configuration.data.synthetic

    @property
    def shared(self) -> Path:
        """Folder of the synthetic language, which the pairs of a scale share."""
        return self.work / self.scale / "language"

    @property
    def ordering_models(self) -> Path | None:
        """Folder of the ordering models: those given, or trained on the synthetic language."""
        return self.work / self.scale / "orders" if self.synthetic else self.orders

    def syntax(self) -> dict[str, str]:
        """Return the settings of the syntax transformation, but for the folder of models.

        Raises:
            InputError: there is no model of the order that is asked for.
        """
        if self.synthetic:
            return {"noun": TOY_ORDER, "verb": TOY_ORDER, "substrate": "none"}
        assert self.orders is not None
        if not _has_order(self.orders, self.superstrate):
            what = f"--orders {self.orders}: there is no {self.superstrate}@N.orm"
            raise InputError(f"{what}; see --superstrate")
        found = {"noun": self.superstrate, "verb": self.superstrate}
        # the original order is mixed in only where there is a model of it
        return found if _has_order(self.orders, SOURCE) else found | {"substrate": "none"}

    def folder(self, records: Records) -> PairFolder:
        """Return the pair with what identifies its data; hashes are read of what was given."""
        settings = self.configuration.as_dict()["data"]
        del settings["dictionary_percent"]  # dictionaries of several sizes lie side by side
        text = {"corpus": digest_of(records, [self.corpus])} if self.corpus else {}
        if self.needs_trees:
            settings["order"] = self.syntax()
            text |= {"orders": digest_of(records, [self.orders])} if self.orders else {}
        labelled = {task.name: digest_of(records, files) for task, files in self.labelled.items()}
        name, languages = "+".join(["trans", *self.transforms]), (SOURCE, self.language)
        return PairFolder(self.root, languages, name, self.scale, settings=settings, text=text, labelled=labelled)

    # ---- steps

    def language_steps(self) -> list[Step]:
        """Return the steps that write the synthetic language and train its ordering model."""
        sizes = self.synthetic
        assert sizes is not None
        text = {"output": self.shared, "sentences": sizes.sentences, "seed": 1, "lexicon": sizes.lexicon}
        text["workers"] = self.workers
        more = {name: getattr(sizes, name) for name in ("labelled_train", "labelled_dev", "pairs_train", "pairs_dev")}
        settings = {name: value for name, value in {**text, **more}.items() if name not in ("output", "workers")}
        made = [self.shared / name for name in ("text", f"trees/{SOURCE}", "labelled")]
        found = [data_step("language", "toy", {**text, **more}, [], made, **settings)]
        if self.needs_trees:
            assert self.ordering_models is not None
            trees = self.shared / "trees" / TOY_ORDER
            found.append(data_step("other_order", "toy", {**text, "word_order": TOY_ORDER}, [], [trees], **settings))
            train = {"trees": trees / "train.conllu", "language": TOY_ORDER, "output": self.ordering_models}
            found.append(data_step("ordering", "ordering train", train, [trees], [self.ordering_models]))
        return found

    def checks(self) -> list[Command]:
        """Return commands that find out, before anything is written, what would stop the work hours later.

        They read the labelled data to their end. Where trees are needed they compare those that are there with the
        data, and load the parser if others have to be made. What the folder was made with has been checked.
        """
        checked = set(PairFolder.read(self.root).labelled) if (self.root / FILE).is_file() else None
        tasks = {task: files for task, files in self.labelled.items() if task.name not in (checked or ())}
        found = [self._labelling(task, train, dev, check=True) for task, (train, dev) in tasks.items()]
        if self.needs_trees and not self.synthetic:
            found += [self._parsing(check=True)] if checked is None else []
            found += [self._parsing(task, check=True) for task in tasks]
        return [command for step in found for command in step.commands]

    def stage(self, number: int) -> list[Step]:
        """Return the steps of a stage from 1 to 6."""
        return [self._text, self._vocabulary, self._derive, self._encode, self._binarize, self._label][number - 1]()

    def _text(self) -> list[Step]:
        text, trees = self.root / "text" / SOURCE, self.root / "trees" / SOURCE
        if self.synthetic:
            found = [copy_step("text", self.shared / "text" / SOURCE, text)]
            return [*found, copy_step("trees", self.shared / "trees" / SOURCE, trees)] if self.needs_trees else found
        assert self.corpus is not None
        options = {"pair": self.root, "workers": self.workers}
        found = [data_step("text", "sentences", options, [self.corpus], [text], ["--", self.corpus])]
        return [*found, self._parsing()] if self.needs_trees else found

    def _parsing(self, task: Transfer | None = None, check: bool = False) -> Step:
        """Return the step that parses the text of L1, or the labelled data of a task."""
        options: dict[str, Any] = {"pair": self.root, "workers": self.workers, "check": check}
        options |= {"models": self.parser, "offline": True} if self.parser else {}
        parser = [self.parser] if self.parser else []
        if task is None:
            inputs, output = [self.root / "text" / SOURCE], self.root / "trees" / SOURCE
            return data_step("trees", "parse", options, [*inputs, *parser], [output])
        train, dev = self.labelled[task]
        options |= {"task": task.data, "train": train, "dev": dev}
        output = self.root / "trees" / "labelled" / task.data
        return data_step(f"trees.{task.name}", "parse", options, [train, dev, *parser], [output])

    def _vocabulary(self) -> list[Step]:
        size, outputs = self.configuration.data.vocabulary, [self.root / "spm.model", self.root / "spm.vocab"]
        inputs = [self.root / "text" / SOURCE]
        return [data_step("vocabulary", "vocabulary", {"pair": self.root, "size": size}, inputs, outputs, size=size)]

    def _transforms(self) -> list[str]:
        found = []
        for transform in self.transforms:
            if transform == "syn":
                options = self.syntax() | {"models": str(self.ordering_models)}
                transform = "syn:" + ",".join(f"{name}={value}" for name, value in options.items())
            found.append(f"--transform={transform}")
        return found

    def _derivation(self) -> dict[str, Any]:
        """Return what the derived text and labelled data are made with, but for paths."""
        order = {"order": self.syntax()} if self.needs_trees else {}
        return {"transforms": list(self.transforms), "seed": self.configuration.data.seed, **order}

    def _orders(self) -> list[Path]:
        return [self.ordering_models] if self.needs_trees and self.ordering_models else []

    def _derive(self) -> list[Step]:
        options = {"pair": self.root, "derived": self.language, "workers": self.workers}
        options["seed"] = self.configuration.data.seed
        inputs = [self.root / "text" / SOURCE, *([self.root / "trees" / SOURCE] if self.needs_trees else [])]
        inputs += self._orders()
        outputs, words = [self.root / "text" / self.language], self._transforms()
        return [data_step("derive", "derive", options, inputs, outputs, words, **self._derivation())]

    def _encode(self) -> list[Step]:
        data, root = self.configuration.data, self.root
        texts, pieces = ([root / kind / name for name in (SOURCE, self.language)] for kind in ("text", "pieces"))
        chosen: dict[str, Any] = {"overlap": data.overlap, "seed": data.seed}
        chosen |= {"halves": data.halves} if data.halves else {}
        options = {"pair": root, "derived": self.language, **chosen, "workers": self.workers}
        counterparts, inputs = root / "counterparts.tsv", [root / "spm.model", *texts]
        outputs = [counterparts, root / "bin" / "dict.txt", *pieces]
        draw: dict[str, Any] = {"percent": data.dictionary_percent, "seed": data.seed}
        name = f"dictionary.{data.dictionary_percent:g}"
        return [
            data_step("encode", "encode", options, inputs, outputs, **chosen),
            data_step(name, "dictionary", {"pair": root, **draw}, [counterparts], [root / f"{name}.tsv"], **draw),
        ]

    def _binarize(self) -> list[Step]:
        return [binarize_step(self.root, (SOURCE, self.language), self.workers)]

    def labelled_files(self) -> dict[Transfer, tuple[Path, Path]]:
        """Return training and development data by task."""
        if not self.synthetic:
            return dict(self.labelled)
        folders = {task: self.shared / "labelled" / task.data for task in self.tasks}
        return {task: (folder / "train-en.tsv", folder / "dev-en.tsv") for task, folder in folders.items()}

    def _label(self) -> list[Step]:
        found = []
        for task, (train, dev) in self.labelled_files().items():
            step = self._labelling(task, train, dev)
            if self.needs_trees and not self.synthetic:
                trees = [own for data in (train, dev) if (own := _own_trees(data))]
                if len(trees) < 2:
                    parsing = self._parsing(task)
                    found.append(parsing)
                    trees += parsing.outputs
                step = replace(step, inputs=[*step.inputs, *trees])
            found.append(step)
        return found

    def _labelling(self, task: Transfer, train: Path, dev: Path, check: bool = False) -> Step:
        """Return the step that brings the labelled data of a task into both languages, or only reads them."""
        options: dict[str, Any] = {"pair": self.root, "task": task.data, "train": train, "dev": dev}
        name = f"labelled.{task.name}"
        if check:
            return data_step(name, "xtreme", options | {"check": True}, [], [])
        options |= {"derived": self.language}
        options |= {"tokeniser": "none"} if self.synthetic and not task.is_tagging else {}
        vocabulary = [self.root / name for name in ("spm.model", "counterparts.tsv", "bin/dict.txt")]
        inputs = [train, dev, *vocabulary, *self._orders()]
        outputs = [self.root / "xtreme" / task.data / language for language in (SOURCE, self.language)]
        return data_step(name, "xtreme", options, inputs, outputs, self._transforms(), **self._derivation())


def _own_trees(data: Path) -> Path | None:
    """Return the trees that labelled data bring along; see `alignmlm-data parse --task`."""
    beside = data.with_suffix(".conllu")
    return beside if beside.is_file() else None


def _has_order(folder: Path, language: str) -> bool:
    name = f"{language}@N.orm"
    return any(folder.glob(name)) or any(folder.glob(f"*/{name}"))
