"""The French-like order: the same trees, adjectives after nouns, object pronouns before verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def reordered(tmp_path_factory: pytest.TempPathFactory, readers: Any) -> list[Any]:
    """The training trees of the corpus, in the other order."""
    folder = tmp_path_factory.mktemp("french")
    flags = "--word-order french --name fr --sentences 3000 --valid-sentences 200 --workers 1"
    assert readers.command(folder, *flags.split()) == 0
    assert [path.name for path in folder.iterdir()] == ["trees"]
    return readers.trees(folder / "trees" / "fr" / "train.conllu")


def share_after(trees: list[Any], chosen: Callable[[Any, int, int], bool]) -> float:
    """Return which share of the chosen dependents stands after its head."""
    sides = [
        token > head
        for tree in trees
        for token, head in enumerate(tree.heads, 1)
        if head and chosen(tree, token - 1, head - 1)
    ]
    assert len(sides) > 30
    return sum(sides) / len(sides)


def adjective(tree: Any, token: int, head: int) -> bool:
    return tree.relations[token] == "amod" and tree.tags[head] == "NOUN"


def object_pronoun(tree: Any, token: int, head: int) -> bool:
    pronoun = tree.lemmas[token] in ("he", "she", "it", "they", "we", "I", "you")
    return tree.relations[token] == "obj" and pronoun and tree.tags[head] == "VERB"


def nominal_object(tree: Any, token: int, head: int) -> bool:
    return tree.relations[token] == "obj" and tree.tags[token] == "NOUN"


def test_adjectives_mostly_follow_and_object_pronouns_precede(trees: list[Any], reordered: list[Any]) -> None:
    assert share_after(trees, adjective) == 0
    assert 0.6 < share_after(reordered, adjective) < 0.8  # real French: 0.69
    assert share_after(trees, object_pronoun) == 1
    assert share_after(reordered, object_pronoun) == 0
    assert share_after(reordered, nominal_object) == share_after(trees, nominal_object) == 1


def test_each_sentence_keeps_its_words_and_its_dependencies(trees: list[Any], reordered: list[Any]) -> None:
    def dependencies(tree: Any) -> list[tuple[str, str, str]]:
        return sorted(
            (lemma, tree.lemmas[head - 1] if head else "", relation)
            for lemma, head, relation in zip(tree.lemmas, tree.heads, tree.relations, strict=True)
        )

    assert len(trees) == len(reordered)
    moved = 0
    for own, other in zip(trees, reordered, strict=True):
        assert sorted(form.lower() for form in own.forms) == sorted(form.lower() for form in other.forms)
        assert dependencies(own) == dependencies(other)
        moved += own.lemmas != other.lemmas
    assert moved > 0.5 * len(trees)


def test_final_punctuation_stays_last(reordered: list[Any]) -> None:
    assert all(tree.forms[-1] in (".", "!", "?") for tree in reordered)
