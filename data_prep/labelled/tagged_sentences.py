"""Sentences with a tag for every word: XTREME's ``token TAB tag`` and CoNLL-U.

PAN-X as it is distributed has the language in front of every token, ``en:token``; it is taken off, as in XTREME.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from ..languages.word_order import read_trees
from ..text.readers.conll import language_prefix
from ..vocabulary.bpe import SPECIAL
from .fused_tokens import FORM, UPOS, Token, fuse, is_word_number

CONLLU_COLUMNS = 10
FUSED, SPLIT = "fused", "split"


class TaggedSentence(NamedTuple):
    """One sentence.

    Attributes:
        words: its words.
        tags: the tag of every word.
        lines: 1-based line number of every word in its file, for messages.
        multiword: how many multiword tokens of CoNLL-U it has.
    """

    words: list[str]
    tags: list[str]
    lines: list[int]
    multiword: int = 0


def is_conllu(path: Path) -> bool:
    """Say whether a file is read as CoNLL-U: by its name."""
    return path.suffix == ".conllu"


def read_tagged(
    path: Path, multiword: str = FUSED, language: str = "", placeholder: str = ""
) -> Iterator[TaggedSentence]:
    """Yield the sentences of a file: CoNLL-U (the tag is UPOS) if its name ends so, else ``token TAB tag``.

    Args:
        path: the file.
        multiword: what becomes of multiword tokens of CoNLL-U: `FUSED`, the form that is written (``du``), as XTREME
            has it, or `SPLIT`, the words that the tree has (``de le``).
        language: of the text, which decides between the tags of the words of a fused token.
        placeholder: of a file of tokens alone: the tag that all of them get.

    Raises:
        InputError: no such file, not UTF-8, a wrong number of columns, an empty token or tag, or no sentence.
    """
    sentence = None
    for sentence in _read_conllu(path, multiword, language) if is_conllu(path) else _read_tsv(path, placeholder):
        yield sentence
    if sentence is None:
        raise InputError.at(path, None, "no sentence in the file", "give labelled data: `token TAB tag`, or CoNLL-U")


def check_tags(sentence: TaggedSentence, known: Iterable[str], path: Path, train: Path) -> None:
    """Check that every tag occurs in the training data.

    Raises:
        InputError: with the line of the first that does not.
    """
    for tag, line in zip(sentence.tags, sentence.lines, strict=True):
        if tag not in known:
            raise InputError.at(
                path, line, f"tag {tag!r} does not occur in {train}", "correct it, or the training data"
            )


def _read_tsv(path: Path, placeholder: str) -> Iterator[TaggedSentence]:
    prefix = language_prefix(line for _, line in numbered_lines(path) if line.strip())
    sentence = TaggedSentence([], [], [])
    for number, line in numbered_lines(path):
        if not line.strip():
            if sentence.words:
                yield sentence
                sentence = TaggedSentence([], [], [])
            continue
        columns = line.split("\t")
        wanted = 1 if placeholder else 2
        if len(columns) != wanted:
            found = f"{len(columns)} column{'s' if len(columns) > 1 else ''} instead of {wanted}"
            each = "`token`" if placeholder else "`token TAB tag`"
            raise InputError.at(path, number, found, f"each line is {each}, or blank between sentences")
        columns += [placeholder] if placeholder else []
        if not columns[0].startswith(prefix):
            what = f"token {columns[0]!r} does not start with {prefix} as those before it do"
            raise InputError.at(path, number, what, f"take {prefix} off all tokens or none")
        _add(sentence, columns[0].removeprefix(prefix), columns[1], path, number)
    if sentence.words:
        yield sentence


def _read_conllu(path: Path, multiword: str, language: str) -> Iterator[TaggedSentence]:
    for tree in read_trees(path):
        lines = [(number, line) for number, line in enumerate(tree.lines, tree.line) if not line.startswith("#")]
        rows = [line.split("\t") for _, line in lines]
        for (number, _), columns in zip(lines, rows, strict=True):
            if len(columns) != CONLLU_COLUMNS:
                found = f"{len(columns)} column{'s' if len(columns) > 1 else ''} instead of {CONLLU_COLUMNS}"
                raise InputError.at(path, number, found, "CoNLL-U separates ten columns by one TAB each")
        sentence = TaggedSentence([], [], [], sum("-" in columns[0] for columns in rows))
        if multiword == FUSED and sentence.multiword:
            tokens = fuse(rows, language)
        else:
            words = ((place, row) for place, row in enumerate(rows) if is_word_number(row[0]))
            tokens = [Token(row[FORM], row[UPOS], place) for place, row in words]
        for form, tag, place in tokens:
            _add(sentence, form, tag, path, lines[place][0])
        yield sentence


def _add(sentence: TaggedSentence, word: str, tag: str, path: Path, line: int) -> None:
    if not word.strip():
        raise InputError.at(path, line, "empty token", "each line is `token TAB tag`")
    if tag.split() != [tag] or tag in SPECIAL or tag == "_":
        raise InputError.at(path, line, f"{tag!r} is no tag", "each line is `token TAB tag`")
    sentence.words.append(word)
    sentence.tags.append(tag)
    sentence.lines.append(line)
