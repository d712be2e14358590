"""The steps that prepare two natural languages: from text and a dictionary to binarized data of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.derived import digest_of, version
from fairseq_alignmlm.run.pair_folder import NATURAL, PairFolder
from fairseq_alignmlm.run.programs import program
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
        if self.parallel:
            given["parallel text"] = [path for pair in self.parallel for path in pair]
        text = {name: "".join(digest_of(records, path) for path in files) for name, files in given.items()}
        labelled = {
            task.name: "".join(digest_of(records, path) for pair in files for path in pair)
            for task, files in self.labelled.items()
        }
        return PairFolder(
            self.root, self.languages, NATURAL, self.scale, NATURAL, settings=settings, text=text, labelled=labelled
        )

    def stage(self, number: int) -> list[Step]:
        """Return the steps of a stage from 1 to 6."""
        stages = [self._text, self._vocabulary, self._encode, self._dictionary, self._binarize, self._more_data]
        return stages[number - 1]()

    def _data(self, verb: str, *options: str) -> list[str]:
        return [*program("alignmlm-data"), verb, f"--pair={self.root}", *options]

    def _text(self) -> list[Step]:
        found = []
        for name, files in zip(self.languages, self.corpora, strict=True):
            command = self._data("sentences", f"--language={name}", f"--workers={self.workers}", "--", *map(str, files))
            found.append(Step(f"text.{name}", [command], files, [self.root / "text" / name], version()))
        return found

    def _texts(self) -> list[Path]:
        return [self.root / "text" / name for name in self.languages]

    def _vocabulary(self) -> list[Step]:
        command = self._data("vocabulary", f"--languages={','.join(self.languages)}", f"--size={self.pieces}")
        outputs = [self.root / "spm.model", self.root / "spm.vocab"]
        return [Step("vocabulary", [command], self._texts(), outputs, {"size": self.pieces, **version()})]

    def _encode(self) -> list[Step]:
        options = [f"--languages={','.join(self.languages)}", f"--symbols={self.symbols}", f"--workers={self.workers}"]
        outputs = [self.root / "bin" / "dict.txt", *(self.root / "pieces" / name for name in self.languages)]
        outputs += [*self._own_symbols().values()]
        inputs = [self.root / "spm.model", *self._texts()]
        return [
            Step("encode", [self._data("encode", *options)], inputs, outputs, {"symbols": self.symbols, **version()})
        ]

    def _own_symbols(self) -> dict[str, Path]:
        own = self.languages[1:] if self.symbols == SEPARATE else ()
        return {name: self.root / f"symbols.{name}.tsv" for name in own}

    def _dictionary(self) -> list[Step]:
        root = self.root
        texts = [path / "train.txt" for path in self._texts()]
        command = [*program("alignmlm-data"), "translations", "--input", *map(str, self.dictionaries)]
        command += [f"--model={root / 'spm.model'}", f"--vocab={root / 'bin' / 'dict.txt'}"]
        command += [f"--l2-symbols={path}" for path in self._own_symbols().values()]
        command += [f"--held-out={self.held_out!r}", f"--seed={self.dictionary_seed}"]
        command += [f"--output={root / 'dictionary.tsv'}", f"--text={texts[0]}", f"--l2-text={texts[1]}"]
        inputs = [
            *self.dictionaries,
            root / "spm.model",
            root / "bin" / "dict.txt",
            *self._own_symbols().values(),
            *texts,
        ]
        outputs = [root / "dictionary.tsv", root / "dictionary.held_out.tsv"]
        settings = {"held_out": self.held_out, "seed": self.dictionary_seed, **version()}
        return [Step("dictionary", [command], inputs, outputs, settings)]

    def _binarize(self) -> list[Step]:
        command = self._data("binarize", f"--workers={self.workers}", "--languages", *self.languages)
        inputs = [self.root / "bin" / "dict.txt", *(self.root / "pieces" / name for name in self.languages)]
        return [Step("binarize", [command], inputs, [self.root / "bin" / name for name in self.languages], version())]

    def _more_data(self) -> list[Step]:
        found = []
        vocabulary = [self.root / "spm.model", self.root / "bin" / "dict.txt", *self._own_symbols().values()]
        if self.parallel:
            files = [word for first, second in self.parallel for word in ("--input", str(first), str(second))]
            options = [f"--languages={','.join(self.languages)}", f"--workers={self.workers}"]
            inputs = [*(path for pair in self.parallel for path in pair), *vocabulary]
            command = self._data("bitext", *options, *files)
            found.append(Step("parallel", [command], inputs, [self.root / "parallel"], version()))
        for task, (train, dev) in self.labelled.items():
            for number, name in enumerate(self.languages):
                options = [
                    f"--task={task.data}",
                    f"--language={name}",
                    f"--train={train[number]}",
                    f"--dev={dev[number]}",
                ]
                options += [f"--labels-of={train[0]}"] if number else []
                output = self.root / "xtreme" / task.data / name
                inputs = [train[number], dev[number], train[0], *vocabulary]
                command = self._data("xtreme", *options)
                found.append(Step(f"labelled.{task.name}.{name}", [command], inputs, [output], version()))
        return found
