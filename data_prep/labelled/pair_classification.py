"""Sentence-pair tasks (xnli, pawsx) in one language: transformed TSV and binarized pieces with labels."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.lexicon.vocabulary import write_symbols
from fairseq_alignmlm.progress import track

from ..languages.sentence_spans import sentence_spans
from ..text.tokenisation import Tokeniser
from ..vocabulary.mmap_dataset import binarize_files
from .derivation import Derivation, Reorderer, tree_file
from .label_kinds import LabelKind
from .sentence_pairs import SentencePair, check_label, read_pairs

PAIRS = ("xnli", "pawsx")
"""Tasks of XTREME."""
INPUTS = ("input0", "input1")
LABEL = "label"


@dataclass(frozen=True)
class PairTask:
    """A sentence-pair task.

    Attributes:
        name: its name in XTREME.
        language: the original language, whose rules cut the text into words.
        tokeniser: ``moses``, or ``none`` for words that are separated by spaces already.
    """

    name: str
    language: str
    tokeniser: str


def read_label_counts(task: PairTask, train: Path) -> dict[str, int]:
    """Return the labels of a task in alphabetic order, with their counts in the training data.

    Raises:
        InputError: bad input, see :func:`read_pairs`, or labels that are not the task's.
    """
    kind, counts = LabelKind(task.name), Counter[str]()
    for pair in read_pairs(train):
        kind.check(pair.label, train, pair.line)
        counts[pair.label] += 1
    return dict(sorted(counts.items()))


def write_language(
    task: PairTask,
    derivation: Derivation,
    data: Mapping[str, Path],
    trees: Mapping[str, Path | None],
    labels: Mapping[str, int],
    folder: Path,
    labels_of: Path | None = None,
) -> dict[str, Any]:
    """Write ``<split>.tsv`` and ``bin/{input0,input1,label}/{dict.txt,<split>.bin,<split>.idx}`` of one language.

    A text of several sentences is transformed sentence by sentence. Trees come in the order of the file: of the first
    text, then of the second, for every example.

    Args:
        task: the task.
        derivation: the language.
        data: the labelled file of each split.
        trees: the file of trees of each split, if one was given.
        labels: from :func:`read_label_counts`, the same for all languages.
        folder: an empty folder.
        labels_of: the file that the labels are from, for messages (default: the training data).

    Returns:
        Counts for the manifest.
    """
    writer = _Writer(task, derivation)
    scratch = folder / "scratch"
    scratch.mkdir()
    found = {}
    for split, path in data.items():
        found[split] = writer.write_split(
            split, path, trees.get(split), labels, labels_of or data["train"], folder, scratch
        )
    write_symbols(scratch / "labels.txt", labels, labels)
    for side in (*INPUTS, LABEL):
        symbols = scratch / "labels.txt" if side == LABEL else derivation.pair.symbols
        binarize_files({split: scratch / f"{split}.{side}" for split in data}, symbols, folder / "bin" / side)
        if side != LABEL:
            derivation.identity().write(folder / "bin" / side / FILE_NAME)
    shutil.rmtree(scratch)
    return found


class _Writer:
    def __init__(self, task: PairTask, derivation: Derivation) -> None:
        self._task = task
        self._derivation = derivation
        self._transformation = derivation.transformation()
        self._pieces = derivation.word_pieces()
        self._tokeniser = Tokeniser(task.language, task.tokeniser)

    def write_split(
        self,
        split: str,
        path: Path,
        trees: Path | None,
        labels: Mapping[str, int],
        train: Path,
        folder: Path,
        scratch: Path,
    ) -> dict[str, Any]:
        given = tree_file(path, trees, self._derivation.parsed(self._task.name, split), self._transformation)
        reorderer = Reorderer(self._transformation, self._derivation.seed, path, given)
        counts: Counter[str] = Counter(examples=0, words=0)
        what = f"{self._task.name} {self._derivation.language}, {split}"
        with (
            open(folder / f"{split}.tsv", "w", encoding="utf-8", newline="\n") as table,
            open(scratch / f"{split}.{INPUTS[0]}", "w", encoding="utf-8", newline="\n") as first,
            open(scratch / f"{split}.{INPUTS[1]}", "w", encoding="utf-8", newline="\n") as second,
            open(scratch / f"{split}.{LABEL}", "w", encoding="utf-8", newline="\n") as label,
        ):
            for number, pair in enumerate(track(read_pairs(path), what, unit="examples")):
                check_label(pair, labels, path, train)
                sides = []
                for side, handle in enumerate((first, second)):
                    words = [word for sentence in sentences_of(pair, side, self._tokeniser) for word in sentence]
                    order = reorderer.order(words, 2 * number + side + 1, pair.line)
                    sides.append([words[i] for i in order])
                    handle.write(self._pieces.encode(sides[-1]) + "\n")
                    counts["words"] += len(words)
                table.write("\t".join([" ".join(sides[0]), " ".join(sides[1]), pair.label]) + "\n")
                label.write(f"{pair.label}\n")
                counts["examples"] += 1
        reorderer.finish()
        return {**counts, "not transformed": dict(sorted(reorderer.reports.items()))}


def sentences_of(pair: SentencePair, side: int, tokeniser: Tokeniser) -> list[list[str]]:
    """Return the words of every sentence of one text of a pair: 0 the first, 1 the second."""
    text = pair.second if side else pair.first
    if tokeniser.kind != "none":
        return [words for sentence in tokeniser.sentences(text) if (words := tokeniser.words(sentence))]
    words = tokeniser.words(text)
    return [words[start:stop] for start, _, stop in sentence_spans(words)]
