"""Tagging tasks (udpos, panx) in one language: transformed TSV and binarized pieces with their labels."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.lexicon.vocabulary import write_symbols
from fairseq_alignmlm.progress import track

from ..vocabulary.mmap_dataset import binarize_files
from .derivation import Derivation, Reorderer, tree_file
from .label_kinds import LabelKind
from .mentions import complete_tags, reorder_mentions
from .tagged_sentences import FUSED, TaggedSentence, check_tags, is_conllu, read_tagged, write_tagged

PADDING = "<pad>"  # fairseq reads it as padding: the label of every piece of a word but the first
TOKENS, LABELS = "tokens", "labels"
TAGGING = {"udpos": False, "panx": True}
"""Tasks of XTREME, and whether their tags are IOB2 mentions."""


@dataclass(frozen=True)
class TaggingTask:
    """A tagging task.

    Attributes:
        name: its name in XTREME.
        mentions: True when tags are IOB2 spans, which reordering may tear apart.
        multiword: what becomes of multiword tokens of CoNLL-U, see :func:`read_tagged`.
        language: the original language.
    """

    name: str
    mentions: bool
    multiword: str = FUSED
    language: str = ""


def read_tag_counts(task: TaggingTask, train: Path) -> dict[str, int]:
    """Return the tags of a task in alphabetic order, with their counts in the training data.

    Raises:
        InputError: bad input, see :func:`read_tagged`, or tags that are not the task's.
    """
    if task.mentions and is_conllu(train):
        raise InputError.at(train, None, f"{task.name} is not read from CoNLL-U", "give `token TAB tag` lines")
    counts: Counter[str] = Counter()
    kind = LabelKind(task.name)
    for sentence in read_tagged(train, task.multiword, task.language):
        counts.update(sentence.tags)
        for tag, line in zip(sentence.tags, sentence.lines, strict=True):
            kind.check(tag, train, line)
    tags = complete_tags(counts) if task.mentions else set(counts)
    return {tag: counts[tag] for tag in sorted(tags)}


def write_language(
    task: TaggingTask,
    derivation: Derivation,
    data: Mapping[str, Path],
    trees: Mapping[str, Path | None],
    tags: Mapping[str, int],
    folder: Path,
    labels_of: Path | None = None,
) -> dict[str, Any]:
    """Write ``<split>.tsv`` and ``bin/{tokens,labels}/{dict.txt,<split>.bin,<split>.idx}`` of one language.

    Args:
        task: the task.
        derivation: the language.
        data: the labelled file of each split.
        trees: the file of trees of each split, if one was given.
        tags: from :func:`read_tag_counts`, the same for all languages.
        folder: an empty folder.
        labels_of: the file that the tags are from, for messages (default: the training data).

    Returns:
        Counts for the manifest.
    """
    writer = _Writer(task, derivation)
    scratch = folder / "scratch"
    scratch.mkdir()
    train = labels_of or data["train"]
    found = {
        split: writer.write_split(split, path, trees.get(split), tags, train, folder, scratch)
        for split, path in data.items()
    }
    write_symbols(scratch / "labels.txt", tags, tags)
    for side, symbols in ((TOKENS, derivation.pair.symbols), (LABELS, scratch / "labels.txt")):
        binarize_files({split: scratch / f"{split}.{side}" for split in data}, symbols, folder / "bin" / side)
    derivation.identity().write(folder / "bin" / TOKENS / FILE_NAME)
    shutil.rmtree(scratch)
    return found


class _Writer:
    def __init__(self, task: TaggingTask, derivation: Derivation) -> None:
        self._task = task
        self._derivation = derivation
        self._transformation = derivation.transformation()
        self._pieces = derivation.word_pieces()

    def write_split(
        self,
        split: str,
        path: Path,
        trees: Path | None,
        tags: Mapping[str, int],
        train: Path,
        folder: Path,
        scratch: Path,
    ) -> dict[str, Any]:
        given = tree_file(path, trees, self._derivation.parsed(self._task.name, split), self._transformation)
        reorderer = Reorderer(self._transformation, self._derivation.seed, path, given)
        counts: Counter[str] = Counter(sentences=0, words=0, pieces=0)
        what = f"{self._task.name} {self._derivation.language}, {split}"
        with (
            open(folder / f"{split}.tsv", "w", encoding="utf-8", newline="\n") as table,
            open(scratch / f"{split}.{TOKENS}", "w", encoding="utf-8", newline="\n") as tokens,
            open(scratch / f"{split}.{LABELS}", "w", encoding="utf-8", newline="\n") as labels,
        ):
            sentences = read_tagged(path, self._task.multiword, self._task.language)
            for number, sentence in enumerate(track(sentences, what, unit="sentences"), 1):
                check_tags(sentence, tags, path, train)
                order = reorderer.order(sentence.words, number, sentence.lines[0])
                words, new_tags = self._reorder(sentence, order, counts)
                write_tagged(table, words, new_tags, first=number == 1)
                pieces = [self._pieces[word] for word in words]
                widths = [piece.count(" ") + 1 for piece in pieces]
                tokens.write(" ".join(pieces) + "\n")
                labels.write(" ".join(_piece_labels(new_tags, widths)) + "\n")
                counts.update({"sentences": 1, "words": len(words), "pieces": sum(widths)})
                if is_conllu(path):
                    counts[f"multiword tokens, {self._task.multiword}"] += sentence.multiword
        reorderer.finish()
        return {**counts, "not transformed": dict(sorted(reorderer.reports.items()))}

    def _reorder(
        self, sentence: TaggedSentence, order: Sequence[int], counts: Counter[str]
    ) -> tuple[list[str], list[str]]:
        words = [sentence.words[i] for i in order]
        if not self._task.mentions:
            return words, [sentence.tags[i] for i in order]
        mended = reorder_mentions(sentence.tags, order)
        counts.update(
            {
                "mentions": mended.mentions,
                "mentions split by reordering": mended.split,
                "I- tags read as B-": mended.malformed,
            }
        )
        return words, mended.tags


def _piece_labels(tags: Sequence[str], widths: Sequence[int]) -> list[str]:
    labels: list[str] = []
    for tag, width in zip(tags, widths, strict=True):
        labels.append(tag)
        labels += [PADDING] * (width - 1)
    return labels
