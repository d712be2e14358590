"""Tagging tasks (udpos, panx) in one language: transformed TSV and binarized pieces with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from .label_kinds import LabelKind
from .mentions import complete_tags, reorder_mentions
from .tagged_sentences import FUSED, TaggedSentence, check_tags, is_conllu, read_tagged
from .writing import Example, LabelledFile

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
    sides = (TOKENS, LABELS)

    def examples(self, file: LabelledFile) -> Iterator[Example]:
        """Yield the sentences of a file in a language; see :class:`~data_prep.labelled.writing.LabelledTask`."""
        word_pieces = file.derivation.word_pieces()
        file.counts.update(sentences=0, words=0, pieces=0)
        for number, sentence in enumerate(read_tagged(file.path, self.multiword, self.language, file.placeholder), 1):
            check_tags(sentence, file.labels, file.path, file.train)
            order = file.reorderer.order(sentence.words, number, sentence.lines[0])
            words, tags = _reorder(sentence, order, self.mentions, file.counts)
            pieces = [word_pieces[word] for word in words]
            widths = [piece.count(" ") + 1 for piece in pieces]
            file.counts.update({"sentences": 1, "words": len(words), "pieces": sum(widths)})
            if is_conllu(file.path):
                file.counts[f"multiword tokens, {self.multiword}"] += sentence.multiword
            labelled = words if file.placeholder else map("\t".join, zip(words, tags, strict=True))
            rows = (f"{row}\n" for row in labelled)
            table = "\n" * (number > 1) + "".join(rows)
            yield Example(table, (" ".join(pieces), " ".join(_piece_labels(tags, widths))))


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


def _reorder(
    sentence: TaggedSentence, order: Sequence[int], mentions: bool, counts: Counter[str]
) -> tuple[list[str], list[str]]:
    words = [sentence.words[i] for i in order]
    if not mentions:
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
