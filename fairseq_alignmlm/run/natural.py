"""The steps that prepare two natural languages: from text and a dictionary to binarized data of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.data_steps import binarize_step, data_step, digest_of
from fairseq_alignmlm.run.pair_folder import NATURAL, PairFolder
from fairseq_alignmlm.run.steps import Records, Step

SHARED, SEPARATE = "shared", "separate"
STAGES = {
    1: "text",
    2: "joint vocabulary",
    3: "encoding",
    4: "dictionary",
    5: "binarized data",
    6: "parallel and labelled data",
    7: "runs",
    8: "report",
}


@dataclass(frozen=True)
class NaturalPair:
    """What a pair of natural languages is made of.

    Attributes:
        work: folder of everything that is written.
        scale: name of the scale.
        languages: L1 and L2.
        corpora: text of each.
        dictionaries: word pairs, L1 to L2.
        held_out: share of the dictionary's L1 words that are kept for measuring.
        dictionary_seed: which words those are.
        parallel: files of equally many lines.
        pieces: of the joint vocabulary.
        symbols: ``shared`` or ``separate``.
        labelled: by task, the training data of L1 and L2, and the development data of both.
        workers: processes.
    """

    work: Path
    scale: str
    languages: tuple[str, str]
    corpora: tuple[Sequence[Path], Sequence[Path]]
    dictionaries: Sequence[Path]
    held_out: float
    dictionary_seed: int
    parallel: Sequence[tuple[Path, Path]]
    pieces: int
    symbols: str
    labelled: Mapping[Transfer, tuple[tuple[Path, Path], tuple[Path, Path]]]
    workers: int

    @property
    def root(self) -> Path:
        """Folder of the pair; other symbols are another pair."""
        name = "-".join(self.languages) + (".separate" if self.symbols == SEPARATE else "")
        return self.work / self.scale / name

    def folder(self, records: Records) -> PairFolder:
        """Return the pair with what identifies its data; hashes are read of what was given."""
        settings = {"vocabulary": self.pieces, "symbols": self.symbols}
        settings |= {"held_out": self.held_out, "dictionary_seed": self.dictionary_seed}
        given = {f"text of {name}": files for name, files in zip(self.languages, self.corpora, strict=True)}
        given["dictionary"] = self.dictionaries
        given |= {"parallel text": [path for pair in self.parallel for path in pair]} if self.parallel else {}
        text = {name: digest_of(records, files) for name, files in given.items()}
        labelled = {task.name: digest_of(records, [*train, *dev]) for task, (train, dev) in self.labelled.items()}
        parts = {"settings": settings, "text": text, "labelled": labelled}
        return PairFolder(self.root, self.languages, NATURAL, self.scale, NATURAL, **parts)  # type: ignore[arg-type]

    def stage(self, number: int) -> list[Step]:
        """Return the steps of a stage from 1 to 6."""
        stages = [self._text, self._vocabulary, self._encode, self._dictionary, self._binarize, self._more_data]
        return stages[number - 1]()

    @property
    def _both(self) -> str:
        return ",".join(self.languages)

    def _of_each(self, kind: str) -> list[Path]:
        return [self.root / kind / name for name in self.languages]

    def _own_symbols(self) -> list[Path]:
        """Return the tables of the symbols that L2 does not share, where it shares none."""
        return [self.root / f"symbols.{self.languages[1]}.tsv"] if self.symbols == SEPARATE else []

    def _text(self) -> list[Step]:
        found = []
        for name, files in zip(self.languages, self.corpora, strict=True):
            options = {"pair": self.root, "language": name, "workers": self.workers}
            output = self.root / "text" / name
            found.append(data_step(f"text.{name}", "sentences", options, files, [output], ["--", *files]))
        return found

    def _vocabulary(self) -> list[Step]:
        options = {"pair": self.root, "languages": self._both, "size": self.pieces}
        outputs = [self.root / "spm.model", self.root / "spm.vocab"]
        return [data_step("vocabulary", "vocabulary", options, self._of_each("text"), outputs, size=self.pieces)]

    def _encode(self) -> list[Step]:
        options = {"pair": self.root, "languages": self._both, "symbols": self.symbols, "workers": self.workers}
        inputs = [self.root / "spm.model", *self._of_each("text")]
        outputs = [self.root / "bin" / "dict.txt", *self._of_each("pieces"), *self._own_symbols()]
        return [data_step("encode", "encode", options, inputs, outputs, symbols=self.symbols)]

    def _dictionary(self) -> list[Step]:
        root, texts = self.root, [path / "train.txt" for path in self._of_each("text")]
        model, vocabulary, own = root / "spm.model", root / "bin" / "dict.txt", self._own_symbols()
        settings = {"held_out": self.held_out, "seed": self.dictionary_seed}
        options = {"model": model, "vocab": vocabulary, "l2_symbols": own[0] if own else None, **settings}
        options |= {"output": root / "dictionary.tsv", "text": texts[0], "l2_text": texts[1]}
        inputs = [*self.dictionaries, model, vocabulary, *own, *texts]
        outputs, words = (
            [root / "dictionary.tsv", root / "dictionary.held_out.tsv"],
            ["--input", *map(str, self.dictionaries)],
        )
        return [data_step("dictionary", "translations", options, inputs, outputs, words, **settings)]

    def _binarize(self) -> list[Step]:
        return [binarize_step(self.root, self.languages, self.workers)]

    def _more_data(self) -> list[Step]:
        found = []
        vocabulary = [self.root / "spm.model", self.root / "bin" / "dict.txt", *self._own_symbols()]
        if self.parallel:
            words: list[str | Path] = []
            for pair in self.parallel:
                words += ["--input", *pair]
            options = {"pair": self.root, "languages": self._both, "workers": self.workers}
            inputs = [*(path for pair in self.parallel for path in pair), *vocabulary]
            found.append(data_step("parallel", "bitext", options, inputs, [self.root / "parallel"], words))
        for task, (train, dev) in self.labelled.items():
            for number, name in enumerate(self.languages):
                options = {"pair": self.root, "task": task.data, "language": name}
                options |= {"train": train[number], "dev": dev[number], "labels_of": train[0] if number else None}
                output, inputs = self.root / "xtreme" / task.data / name, [train[number], dev[number], train[0]]
                step = f"labelled.{task.name}.{name}"
                found.append(data_step(step, "xtreme", options, [*inputs, *vocabulary], [output]))
        return found
