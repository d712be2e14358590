"""What can be known of labelled data before any work is done: that they can be read, and that their trees fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from ..languages.word_order import check_forms, read_trees, trees_of_line
from .pair_classification import PairTask, read_label_counts
from .parser_input import words_of
from .sentence_pairs import check_label, read_pairs
from .squad import read_questions
from .tagged_sentences import SPLIT, check_tags, is_conllu, read_tagged
from .tagging import TAGGING, TaggingTask, read_tag_counts


def check_data(task: str, data: Mapping[str, Path], labels_of: Path, language: str) -> dict[str, int]:
    """Read labelled files to their end and return the number of examples of each split.

    Args:
        task: its name in XTREME.
        data: the file of each split.
        labels_of: the training data, which say which labels there are.
        language: of the text.

    Raises:
        InputError: a file is missing or not of the task's format, or a label is not the task's or not in training.
    """
    counts = {}
    if task in TAGGING:
        tags = read_tag_counts(TaggingTask(task, TAGGING[task], SPLIT, language), labels_of)
        for split, path in data.items():
            counts[split] = 0
            for sentence in read_tagged(path, SPLIT, language):
                check_tags(sentence, tags, path, labels_of)
                counts[split] += 1
        return counts
    if labels_of == Path():  # questions
        return {split: sum(1 for _ in read_questions(path)) for split, path in data.items()}
    labels = read_label_counts(PairTask(task, language, "none"), labels_of)
    for split, path in data.items():
        counts[split] = 0
        for pair in read_pairs(path):
            check_label(pair, labels, path, labels_of)
            counts[split] += 1
    return counts


def own_trees(data: Path) -> Path | None:
    """Return the trees that labelled data bring along: CoNLL-U itself, or a file of the same name beside it."""
    beside = data if is_conllu(data) else data.with_suffix(".conllu")
    return beside if beside.is_file() else None


def check_trees(task: str, data: Path, trees: Path, language: str, tokeniser: str) -> int:
    """Check that trees are those of labelled data, sentence by sentence; return the number of sentences.

    Raises:
        InputError: there are fewer or more trees than sentences, or they have other words.
    """
    found, number = read_trees(trees), 0
    for number, words in enumerate(words_of(task, data, language, tokeniser), 1):
        of_sentence = trees_of_line(len(words), found)
        if not of_sentence:
            raise InputError.at(trees, None, f"no tree for sentence {number} of {data}", "parse it again")
        check_forms(of_sentence, words)
    if (surplus := next(found, None)) is not None:
        raise InputError.at(surplus.path, surplus.line, f"more trees than {data} has sentences", "parse it again")
    return number
