"""From documents to sentences of words, and who becomes validation data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from ..randomness import generator
from .documents import Document
from .tokenisation import Tokeniser

BATCH_CHARACTERS = 1 << 16
Item = TypeVar("Item")


class TokenisedDocument(NamedTuple):
    """A document as it is written: one sentence a line, words separated by one space."""

    number: int
    text: str
    sentences: int
    words: int


def tokenise(document: Document, tokeniser: Tokeniser) -> TokenisedDocument:
    """Cut a document into sentences and words."""
    parts = (
        (part for line in document.lines for part in tokeniser.sentences(line))
        if document.paragraphs
        else iter(document.lines)
    )
    sentences = [words for words in map(tokeniser.words, parts) if words]
    text = "".join(" ".join(words) + "\n" for words in sentences)
    return TokenisedDocument(document.number, text, len(sentences), sum(map(len, sentences)))


def batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents in groups of about 64 k characters, the unit of work of a process."""
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += sum(map(len, document.lines))
        if size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def make_batch_tokeniser(language: str, kind: str) -> Callable[[list[Document]], list[TokenisedDocument]]:
    """Return the function that tokenises a batch; called once in every process."""
    tokeniser = Tokeniser(language, kind)
    return lambda batch: [tokenise(document, tokeniser) for document in batch]


def is_valid(index: int, seed: int, every: int | None, fraction: float) -> bool:
    """Say whether a document is validation data: a function of (seed, index) only.

    Args:
        index: the document's number in the corpus.
        seed: the seed of the command.
        every: one random document of every ``every`` in a row; None to use ``fraction``.
        fraction: probability of each document.
    """
    if every is not None:
        group, place = divmod(index, every)
        return place == int(generator(seed, "valid", group).random() * every)
    return generator(seed, "valid", index).random() < fraction


def with_splits(items: Iterable[Item], drawn: Callable[[Item], bool]) -> Iterator[tuple[Item, str]]:
    """Yield every item with ``train`` or ``valid``; where none of several is drawn for validation, the last is taken.

    So a small corpus has validation data, too, and a larger one has those that are drawn and no other.

    Args:
        items: documents or pairs, in the order of the corpus; one of them is held at a time.
        drawn: says of each whether it is validation data, such as :func:`is_valid`.
    """
    held: list[Item] = []
    valid = train = 0
    for item in items:
        if drawn(item):
            valid += 1
            yield item, "valid"
            continue
        if held:
            train += 1
            yield held.pop(), "train"
        held.append(item)
    for last in held:
        yield last, "valid" if train and not valid else "train"
