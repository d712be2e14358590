"""udpos and panx: `token TAB tag`, a token alone in test files, a blank line between sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from ..labelled.fused_tokens import fuse
from ..languages.word_order import read_trees
from .files import Downloads, File, lines_of

SPLITS = ("train", "dev", "test")
EMPTY, JOINER = "_", "\u200c"
Sentence = list[tuple[str, str]]


def udpos(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of parts of speech: all treebanks of a language, one after the other by their names.

    Multiword tokens are in their written form. Sentences whose words were taken out for their licence are left out.

    Raises:
        InputError: a language has no test data.
    """
    banks = downloads.all("ud-2.5", "*.conllu")
    for language in languages:
        of_language = [path for path in banks if path.name.partition("_")[0] == language]
        by_split: dict[str, list[Path]] = {split: [] for split in SPLITS}
        for path in of_language:
            split = next((split for split in SPLITS if split in path.name), None)
            if split:
                by_split[split].append(path)
        for split, paths in by_split.items():
            if any(True for path in paths for _ in _of_treebank(path, language)):
                yield from _files(split, language, paths, partial(_of_treebanks, paths, language))
            elif split == "test":
                raise InputError(f"ud-2.5: no treebank of {language!r} has test sentences; leave it out of --languages")


def _of_treebanks(paths: Sequence[Path], language: str) -> Iterator[Sentence]:
    return chain.from_iterable(_of_treebank(path, language) for path in paths)


def _of_treebank(path: Path, language: str) -> Iterator[Sentence]:
    for tree in read_trees(path):
        rows = [line.split("\t") for line in tree.lines if not line.startswith("#")]
        tokens = [(token.form.strip(), token.tag.strip()) for token in fuse(rows, language)]
        without = sum(form == EMPTY for form, _ in tokens)
        if not without or without < len(tokens) - 1:
            yield [(form.replace(JOINER, "").replace(" ", ""), tag) for form, tag in tokens]


def panx(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of named entities; the language in front of every token is taken off."""
    for language in languages:
        for split in SPLITS:
            path = downloads.one("panx", f"{language}/{split}")
            yield from _files(split, language, [path], partial(_of_panx, path))


def _of_panx(path: Path) -> Iterator[Sentence]:
    sentence: Sentence = []
    for line in lines_of(path):
        columns = line.split("\t")
        if len(columns) != 2:
            yield sentence
            sentence = []
        elif ":" in columns[0]:
            sentence.append((columns[0].partition(":")[2].strip(), columns[1].strip()))
    if sentence:
        yield sentence


def _files(split: str, language: str, inputs: Sequence[Path], sentences: partial[Iterator[Sentence]]) -> Iterator[File]:
    name = f"{split}-{language}.tsv"
    if split != "test":
        yield File(name, inputs, lambda: _blocks([f"{word}\t{tag}" for word, tag in each] for each in sentences()))
        return
    yield File(name, inputs, lambda: _blocks([word for word, _ in each] for each in sentences()))
    yield File(name, inputs, lambda: _blocks([tag for _, tag in each] for each in sentences()), labels=True)


def _blocks(sentences: Iterable[list[str]]) -> Iterator[str]:
    for number, rows in enumerate(sentences):
        yield "\n" * (number > 0) + "".join(f"{row}\n" for row in rows)
