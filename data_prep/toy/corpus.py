"""The files of a toy corpus: text, trees and labelled sets, written in order by any number of processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

from data_prep.toy.discourse import Discourse
from data_prep.toy.documents import Stream, document, plan
from data_prep.toy.language import language_of
from data_prep.toy.statement_pairs import PairMaker
from data_prep.toy.statement_sentences import render
from data_prep.toy.trees import Sentence
from data_prep.worker_pool import ordered_map
from fairseq_alignmlm.progress import track

DOCUMENTS_PER_BATCH = 50
PAIRS_PER_BATCH = 300


@dataclass(frozen=True)
class Part:
    """One set of sentences.

    ``kind`` is ``text``, ``trees``, ``udpos``, ``panx`` or ``xnli``; ``size`` counts sentences, or pairs for ``xnli``.
    """

    kind: str
    stream: Stream
    size: int
    word_order: str = "english"


@dataclass(frozen=True)
class Files:
    """Where a part goes: its lines (text or labelled data), its trees, or both."""

    data: Path | None = None
    trees: Path | None = None


def write_part(part: Part, files: Files, workers: int) -> Counter[str]:
    """Write ``files`` and return counts of documents, sentences and words."""
    counts: Counter[str] = Counter()
    make = partial(_Batch, part, files.data is not None, files.trees is not None)
    with ExitStack() as stack:
        data = stack.enter_context(_writer(files.data)) if files.data else None
        trees = stack.enter_context(_writer(files.trees)) if files.trees else None
        results = ordered_map(make, _batches(part), workers)
        for lines, conllu, batch_counts in track(results, f"toy {part.kind}", unit="batches"):
            if data:
                separator = "\n" if part.kind == "text" and counts["sentences"] else ""
                data.write(separator + lines)
            if trees:
                trees.write(conllu)
            counts.update(batch_counts)
    return counts


def _writer(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "w", encoding="utf-8", newline="\n")


def _batches(part: Part) -> Iterator[list[tuple[int, int]]]:
    if part.kind == "xnli":
        for start in range(0, part.size, PAIRS_PER_BATCH):
            yield [(index, 1) for index in range(start, min(start + PAIRS_PER_BATCH, part.size))]
        return
    documents = plan(part.stream, part.size)
    while batch := list(islice(documents, DOCUMENTS_PER_BATCH)):
        yield batch


class _Batch:
    """Turns a list of (document index, length) into the text for both files."""

    def __init__(self, part: Part, with_data: bool, with_trees: bool) -> None:
        self._part = part
        self._with_data = with_data
        self._with_trees = with_trees
        self._language = language_of(part.stream.seed, part.stream.lexicon)

    def __call__(self, batch: list[tuple[int, int]]) -> tuple[str, str, Counter[str]]:
        part = self._part
        data: list[str] = []
        trees: list[str] = []
        counts: Counter[str] = Counter()
        for index, length in batch:
            if part.kind == "xnli":
                lines, sentences = self._pair(index)
            else:
                sentences = document(self._language, part.stream, index, length, part.word_order)
                lines = _labelled(sentences, part.kind) if self._with_data else ""
            data.append(lines)
            if self._with_trees:
                trees.append(_conllu(sentences, f"{part.stream.name}-{index}"))
            counts["documents"] += 1
            counts["sentences"] += len(sentences)
            counts["words"] += sum(len(sentence.forms) for sentence in sentences)
        return ("\n" if part.kind == "text" else "").join(data), "".join(trees), counts

    def _pair(self, index: int) -> tuple[str, list[Sentence]]:
        discourse = Discourse(self._language, self._part.stream.generator(index))
        premise, hypothesis, label = PairMaker(discourse).pair()
        first, second = (Sentence(render(statement, discourse)) for statement in (premise, hypothesis))
        return f"{first.text}\t{second.text}\t{label}\n", [first, second]


def _conllu(sentences: list[Sentence], document_name: str) -> str:
    return "".join(
        [
            sentence.conllu(f"{document_name}-{number}", f"# newdoc id = {document_name}\n" if number == 1 else "")
            for number, sentence in enumerate(sentences, 1)
        ]
    )


def _labelled(sentences: list[Sentence], kind: str) -> str:
    if kind == "text":
        return "".join([f"{sentence.text}\n" for sentence in sentences])
    attribute = "upos" if kind == "udpos" else "entity"
    blocks = []
    for sentence in sentences:
        blocks += [f"{form.text}\t{getattr(form, attribute)}\n" for form in sentence.forms]
        blocks.append("\n")
    return "".join(blocks)
