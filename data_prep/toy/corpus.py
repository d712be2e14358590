"""The files of a toy corpus: text, trees and labelled sets, written in order by any number of processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

from data_prep.parallel import ordered_map
from data_prep.toy.discourse import Discourse
from data_prep.toy.documents import Stream, document, plan
from data_prep.toy.language import language_of
from data_prep.toy.statement_pairs import PairMaker
from data_prep.toy.statement_sentences import render
from data_prep.toy.trees import Sentence
from fairseq_alignmlm.progress import track

DOCUMENTS_PER_BATCH = 50
PAIRS_PER_BATCH = 300


@dataclass(frozen=True)
class Part:
    """One set of sentences and the files that it fills, any of which may be None.

    ``kind`` is ``text``, ``udpos``, ``panx`` or ``xnli``; ``size`` counts sentences, or pairs for ``xnli``.
    """

    kind: str
    stream: Stream
    size: int
    data: Path | None
    trees: Path | None
    word_order: str = "english"


def write_part(part: Part, workers: int) -> Counter[str]:
    """Write the files of ``part`` and return counts of documents, sentences and words."""
    counts: Counter[str] = Counter()
    make = partial(_maker, part.kind, part.stream, part.word_order)
    work: Iterable[list[tuple[int, int]]] = _batches(part)
    with ExitStack() as stack:
        data = stack.enter_context(_writer(part.data)) if part.data else None
        trees = stack.enter_context(_writer(part.trees)) if part.trees else None
        results = ordered_map(make, work, workers)
        for text, conllu, batch_counts in track(results, f"toy {part.stream.name}", unit="batches"):
            if data:
                separator = "\n" if part.kind == "text" and counts["sentences"] else ""
                data.write(separator + text)
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


def _maker(kind: str, stream: Stream, word_order: str) -> _Batch:
    return _Batch(kind, stream, word_order)


class _Batch:
    """Turns a list of (document index, length) into the text for both files."""

    def __init__(self, kind: str, stream: Stream, word_order: str) -> None:
        self._kind = kind
        self._stream = stream
        self._word_order = word_order
        self._language = language_of(stream.seed)

    def __call__(self, batch: list[tuple[int, int]]) -> tuple[str, str, dict[str, int]]:
        data: list[str] = []
        trees: list[str] = []
        counts: Counter[str] = Counter()
        for index, length in batch:
            if self._kind == "xnli":
                line, sentences = self._pair(index)
                data.append(line)
            else:
                sentences = document(self._language, self._stream, index, length, self._word_order)
                data.append(_labelled(sentences, self._kind))
            name = f"{self._stream.name}-{index}"
            trees += [
                sentence.conllu(f"{name}-{number}", f"# newdoc id = {name}\n" if number == 1 else "")
                for number, sentence in enumerate(sentences, 1)
            ]
            counts["documents"] += 1
            counts["sentences"] += len(sentences)
            counts["words"] += sum(len(sentence.forms) for sentence in sentences)
        return ("\n" if self._kind == "text" else "").join(data), "".join(trees), dict(counts)

    def _pair(self, index: int) -> tuple[str, list[Sentence]]:
        discourse = Discourse(self._language, self._stream.generator(index))
        premise, hypothesis, label = PairMaker(discourse).pair()
        first, second = (Sentence(render(statement, discourse)) for statement in (premise, hypothesis))
        return f"{first.text}\t{second.text}\t{label}\n", [first, second]


def _labelled(sentences: list[Sentence], kind: str) -> str:
    if kind == "text":
        return "".join([f"{sentence.text}\n" for sentence in sentences])
    attribute = "upos" if kind == "udpos" else "entity"
    blocks = []
    for sentence in sentences:
        blocks += [f"{form.text}\t{getattr(form, attribute)}\n" for form in sentence.forms]
        blocks.append("\n")
    return "".join(blocks)
