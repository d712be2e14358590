"""Labelled toy sets: POS and NER formats, and sentences that pre-training has not seen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("task", ["udpos", "panx"])
def test_labelled_tokens_are_those_of_the_trees(corpus: Path, readers: Any, task: str, split: str) -> None:
    folder = corpus / "labelled" / task
    tagged = readers.tagged(folder / f"{split}-en.tsv")
    trees = readers.trees(folder / f"{split}-en.conllu")
    assert [[word for word, _ in sentence] for sentence in tagged] == [tree.forms for tree in trees]
    assert len(tagged) == {"train": 400, "dev": 200}[split]
    if task == "udpos":
        assert [[tag for _, tag in sentence] for sentence in tagged] == [tree.tags for tree in trees]


def test_names_are_valid_iob2_and_of_every_kind_and_length(corpus: Path, readers: Any) -> None:
    lengths: Counter[tuple[str, int]] = Counter()
    for sentence in readers.tagged(corpus / "labelled" / "panx" / "train-en.tsv"):
        previous, length = "O", 0
        for word, tag in [*sentence, ("", "O")]:
            if tag.startswith("I-"):
                assert previous[2:] == tag[2:], sentence
                length += 1
            else:
                if length:
                    lengths[previous[2:], length] += 1
                length = int(tag != "O")
            assert tag == "O" or tag[2:] in ("PER", "ORG", "LOC")
            assert tag == "O" or word[0].isupper() or word in ("of", "and")
            previous = tag
    for kind in ("PER", "ORG", "LOC"):
        assert sum(count for (own, _), count in lengths.items() if own == kind) > 30
        assert sum(count for (own, length), count in lengths.items() if own == kind and length > 1) > 5
    assert lengths["ORG", 3] > 0 and lengths["PER", 3] > 0


def test_some_words_belong_to_names_of_several_kinds_and_to_none(corpus: Path, readers: Any) -> None:
    kinds: dict[str, set[str]] = {}
    for sentence in readers.tagged(corpus / "labelled" / "panx" / "train-en.tsv"):
        for word, tag in sentence:
            kinds.setdefault(word, set()).add(tag[2:])
    assert sum(len(kind - {""}) > 1 for kind in kinds.values()) >= 5
    lowercase = {word for word, kind in kinds.items() if kind == {""}}
    assert any(word.lower() in lowercase for word, kind in kinds.items() if kind - {""} and word not in ("of", "and"))


def test_labelled_sentences_are_not_in_the_pretraining_text(corpus: Path, readers: Any) -> None:
    train = set((corpus / "text" / "en" / "train.txt").read_text().split("\n"))
    for task in ("udpos", "panx", "xnli"):
        trees = readers.trees(corpus / "labelled" / task / "dev-en.conllu")
        repeated = [tree for tree in trees if " ".join(tree.forms) in train and len(tree.forms) > 4]
        assert not repeated
