"""The files of a toy corpus: text, trees and labelled sets, written in order by any number of processes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path

from fairseq_alignmlm.progress import track

from ..worker_pool import ordered_map
from .grammar import Discourse
from .inference import PairMaker
from .language import language_of
from .trees import WORD_ORDERS, Sentence

SHORTEST, LONGEST = 4, 20
DOCUMENTS_PER_BATCH = 50


@dataclass(frozen=True)
class Part:
    """One set of sentences, or of pairs for ``xnli``; documents are functions of (seed, name, number) alone.

    Attributes:
        kind: ``text``, ``trees``, ``udpos``, ``panx`` or ``xnli``.
        name: of its supply of documents; those of different names share no randomness.
        size: sentences or pairs.
    """

    kind: str
    name: str
    size: int
    seed: int
    lexicon: float = 1.0
    word_order: str = "english"

    def generator(self, number: int) -> random.Random:
        """Return the random numbers of a document."""
        return random.Random(f"toy document {self.seed} {self.name} {number}")

    def plan(self) -> Iterator[tuple[int, int]]:
        """Yield ``(document, sentences to keep)``; the last document may be cut short."""
        left = self.size
        for number in count():
            length = 1 if self.kind == "xnli" else min(_length(self.generator(number)), left)
            yield number, length
            left -= length
            if not left:
                return

    def document(self, number: int, length: int) -> tuple[list[Sentence], str]:
        """Return the sentences of a document, of a pair two; and the label of the pair."""
        numbers = self.generator(number)
        discourse = Discourse(language_of(self.seed, self.lexicon), numbers)
        if self.kind == "xnli":
            *both, label = PairMaker(discourse).pair()
            return [Sentence(one) for one in both], label
        _length(numbers)
        order = WORD_ORDERS[self.word_order]
        return [Sentence(order(discourse.sentence())) for _ in range(length)], ""


def _length(numbers: random.Random) -> int:
    return SHORTEST + int((LONGEST - SHORTEST + 1) * numbers.random() * numbers.random())


def write_part(part: Part, data: Path | None, trees: Path | None, workers: int) -> Counter[str]:
    """Write the lines of a part (text or labelled data), its trees, or both; return counts."""
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "w", encoding="utf-8")) if path else None for path in (data, trees)]
        results = ordered_map(partial(_batch_maker, part), _batches(part), workers)
        for lines, blocks, batch_counts in track(results, f"toy {part.kind}", unit="batches"):
            lines = lines if counts else lines.removeprefix("\n")
            for file, text in zip(files, (lines, blocks), strict=True):
                if file:
                    file.write(text)
            counts.update(batch_counts)
    return counts


def _batches(part: Part) -> Iterator[list[tuple[int, int]]]:
    plan = part.plan()
    while batch := list(islice(plan, DOCUMENTS_PER_BATCH)):
        yield batch


def _batch_maker(part: Part) -> Callable[[Sequence[tuple[int, int]]], tuple[str, str, Counter[str]]]:
    def make(batch: Sequence[tuple[int, int]]) -> tuple[str, str, Counter[str]]:
        documents = [(number, *part.document(number, length)) for number, length in batch]
        lines = "".join(_lines(sentences, part.kind, label) for _, sentences, label in documents)
        every = [(number, place, one) for number, sentences, _ in documents for place, one in enumerate(sentences, 1)]
        blocks = "".join(one.conllu(f"{part.name}-{number}", place) for number, place, one in every)
        words = sum(len(one.forms) for *_, one in every)
        return lines, blocks, Counter(documents=len(batch), sentences=len(every), words=words)

    return make


def _lines(sentences: list[Sentence], kind: str, label: str) -> str:
    if kind == "xnli":
        return f"{sentences[0].text}\t{sentences[1].text}\t{label}\n"
    if kind in ("udpos", "panx"):
        tag = "upos" if kind == "udpos" else "entity"
        blocks = ([f"{form.text}\t{getattr(form, tag)}\n" for form in one.forms] for one in sentences)
        return "".join("".join(block) + "\n" for block in blocks)
    return "\n" + "".join(f"{one.text}\n" for one in sentences)  # a blank line between documents
