"""The steps that prepare a derived pair: from text to binarized data of L1 and of the language derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.configuration import Configuration, Synthetic
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.storage import atomic_path

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
        data = self.configuration.as_dict()["data"]
        settings = {name: value for name, value in data.items() if name != "dictionary_percent"}
        if self.needs_trees:
            settings["order"] = self.syntax()
        text = {}
        for name, path in (("corpus", self.corpus), ("orders", self.orders if self.needs_trees else None)):
            if path is not None:
                text[name] = digest_of(records, path)
        labelled = {
            task.name: "".join(digest_of(records, path) for path in paths) for task, paths in self.labelled.items()
        }
        transformation = "+".join(["trans", *self.transforms])
        return PairFolder(
            self.root,
            (SOURCE, self.language),
            transformation,
            self.scale,
            settings=settings,
            text=text,
            labelled=labelled,
        )

    # ---- steps

    def language_steps(self) -> list[Step]:
        """Return the steps that write the synthetic language and train its ordering model."""
        sizes = self.synthetic
        assert sizes is not None
        toy = [
            *program("alignmlm-data"),
            "toy",
            f"--output={self.shared}",
            f"--sentences={sizes.sentences}",
            "--seed=1",
        ]
        toy += [f"--lexicon={sizes.lexicon!r}", f"--workers={self.workers}"]
        labelled = [f"--labelled-train={sizes.labelled_train}", f"--labelled-dev={sizes.labelled_dev}"]
        labelled += [f"--pairs-train={sizes.pairs_train}", f"--pairs-dev={sizes.pairs_dev}"]
        settings = self.configuration.as_dict()["data"]["synthetic"] | version()
        made = [self.shared / name for name in ("text", f"trees/{SOURCE}", "labelled")]
        found = [Step("language", [[*toy, *labelled]], [], made, settings)]
        if self.needs_trees:
            assert self.ordering_models is not None
            trees = self.shared / "trees" / TOY_ORDER
            found.append(Step("other_order", [[*toy, f"--word-order={TOY_ORDER}"]], [], [trees], settings))
            train = [*program("alignmlm-data"), "ordering", "train", f"--trees={trees / 'train.conllu'}"]
            train += [f"--language={TOY_ORDER}", f"--output={self.ordering_models}"]
            found.append(Step("ordering", [train], [trees / "train.conllu"], [self.ordering_models], version()))
        return found

    def stage(self, number: int) -> list[Step]:
        """Return the steps of a stage from 1 to 6."""
        return [self._text, self._vocabulary, self._derive, self._encode, self._binarize, self._label][number - 1]()

    def _data(self, *words: str) -> list[str]:
        verb, *options = words
        return [*program("alignmlm-data"), verb, f"--pair={self.root}", *options]

    def _seed(self) -> str:
        return f"--seed={self.configuration.data.seed}"

    def _workers(self) -> str:
        return f"--workers={self.workers}"

    def _settings(self, **settings: Any) -> dict[str, Any]:
        return settings | version()

    def _text(self) -> list[Step]:
        text, trees = self.root / "text" / SOURCE, self.root / "trees" / SOURCE
        if self.synthetic:
            found = [_copy("text", self.shared / "text" / SOURCE, text)]
            return [*found, _copy("trees", self.shared / "trees" / SOURCE, trees)] if self.needs_trees else found
        assert self.corpus is not None
        command = self._data("sentences", self._workers(), "--", str(self.corpus))
        found = [Step("text", [command], [self.corpus], [text], self._settings())]
        if self.needs_trees:
            models = [f"--models={self.parser}", "--offline"] if self.parser else []
            inputs = [text, *([self.parser] if self.parser else [])]
            command = self._data("parse", self._workers(), *models)
            found.append(Step("trees", [command], inputs, [trees], self._settings()))
        return found

    def _vocabulary(self) -> list[Step]:
        size = self.configuration.data.vocabulary
        command = self._data("vocabulary", f"--size={size}")
        inputs, outputs = [self.root / "text" / SOURCE], [self.root / "spm.model", self.root / "spm.vocab"]
        return [Step("vocabulary", [command], inputs, outputs, self._settings(size=size))]

    def _transforms(self) -> list[str]:
        found = []
        for transform in self.transforms:
            if transform == "syn":
                options = self.syntax() | {"models": str(self.ordering_models)}
                transform = "syn:" + ",".join(f"{name}={value}" for name, value in options.items())
            found.append(f"--transform={transform}")
        return found

    def _transform_inputs(self) -> list[Path]:
        if not self.needs_trees or self.ordering_models is None:
            return []
        return [self.root / "trees" / SOURCE, self.ordering_models]

    def _derive(self) -> list[Step]:
        command = self._data("derive", f"--derived={self.language}", *self._transforms(), self._seed(), self._workers())
        inputs = [self.root / "text" / SOURCE, *self._transform_inputs()]
        settings = self._settings(transforms=list(self.transforms), seed=self.configuration.data.seed)
        settings |= {"order": self.syntax()} if self.needs_trees else {}
        return [Step("derive", [command], inputs, [self.root / "text" / self.language], settings)]

    def _encode(self) -> list[Step]:
        data, root = self.configuration.data, self.root
        encode = self._data(
            "encode", f"--derived={self.language}", f"--overlap={data.overlap!r}", self._seed(), self._workers()
        )
        texts = [root / "text" / name for name in (SOURCE, self.language)]
        pieces = [root / "pieces" / name for name in (SOURCE, self.language)]
        settings = self._settings(overlap=data.overlap, seed=data.seed)
        outputs = [root / "counterparts.tsv", root / "bin" / "dict.txt", *pieces]
        percent = data.dictionary_percent
        dictionary = root / f"dictionary.{percent:g}.tsv"
        draw = self._data("dictionary", f"--percent={percent!r}", self._seed())
        return [
            Step("encode", [encode], [root / "spm.model", *texts], outputs, settings),
            Step(
                f"dictionary.{percent:g}",
                [draw],
                [root / "counterparts.tsv"],
                [dictionary],
                self._settings(percent=percent, seed=data.seed),
            ),
        ]

    def _binarize(self) -> list[Step]:
        names = (SOURCE, self.language)
        command = self._data("binarize", self._workers(), "--languages", *names)
        inputs = [self.root / "bin" / "dict.txt", *(self.root / "pieces" / name for name in names)]
        return [Step("binarize", [command], inputs, [self.root / "bin" / name for name in names], self._settings())]

    def labelled_files(self) -> dict[Transfer, tuple[Path, Path]]:
        """Return training and development data by task."""
        if not self.synthetic:
            return dict(self.labelled)
        labelled = self.shared / "labelled"
        return {
            task: (labelled / task.data / "train-en.tsv", labelled / task.data / "dev-en.tsv") for task in self.tasks
        }

    def _label(self) -> list[Step]:
        found = []
        for task, (train, dev) in self.labelled_files().items():
            spaced = ["--tokeniser=none"] if self.synthetic and not task.is_tagging else []
            command = self._data("xtreme", f"--task={task.data}", *spaced, f"--train={train}", f"--dev={dev}")
            command += [f"--derived={self.language}", *self._transforms()]
            inputs = [
                train,
                dev,
                self.root / "spm.model",
                self.root / "counterparts.tsv",
                self.root / "bin" / "dict.txt",
            ]
            inputs += [self.ordering_models] if self.needs_trees and self.ordering_models else []
            outputs = [self.root / "xtreme" / task.data / name for name in (SOURCE, self.language)]
            settings = self._settings(transforms=list(self.transforms), seed=self.configuration.data.seed)
            found.append(Step(f"labelled.{task.name}", [command], inputs, outputs, settings))
        return found


def version() -> dict[str, str]:
    """Return what every step of preparation depends on besides its settings: the version of this package."""
    return {"fairseq_alignmlm": __version__}


def digest_of(records: Records, path: Path) -> str:
    """Return one content hash of a file, or of all files of a folder."""
    import hashlib

    digests = records.digest([path]).values()
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]


def _has_order(folder: Path, language: str) -> bool:
    name = f"{language}@N.orm"
    return any(folder.glob(name)) or any(folder.glob(f"*/{name}"))


def _copy(name: str, source: Path, target: Path) -> Step:
    def make() -> dict[str, Any]:
        import shutil

        with atomic_path(target, folder=True) as temporary:
            shutil.copytree(source, temporary)
        return {}

    return Step(name, [], [source], [target], make=make)
