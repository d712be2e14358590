"""NLI labels follow from the sentences, and from nothing less than both."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.toy.language import language_of


@pytest.fixture(scope="module")
def pairs(corpus: Path, readers: Any) -> list[tuple[Any, Any, str]]:
    """Premise tree, hypothesis tree, label of every training pair."""
    folder = corpus / "labelled" / "xnli"
    trees = readers.trees(folder / "train-en.conllu")
    rows = [line.split("\t") for line in (folder / "train-en.tsv").read_text().splitlines()]
    assert [[" ".join(a.forms), " ".join(b.forms)] for a, b in zip(trees[0::2], trees[1::2], strict=True)] == [
        row[:2] for row in rows
    ]
    return [(a, b, row[2]) for a, b, row in zip(trees[0::2], trees[1::2], rows, strict=True)]


def understand(tree: Any) -> tuple[str, str, str, frozenset[tuple[str, str]], bool]:
    """Read (subject, verb, object, restrictions, denied) off a tree."""
    root = tree.heads.index(0) + 1
    parts: dict[str, int] = {}
    restrictions = set()
    denied = False

    def words(token: int, skipped: str) -> str:
        return " ".join(tree.lemmas[i - 1] for i in tree.subtree(token) if tree.relations[i - 1] not in skipped.split())

    for child in tree.children(root):
        relation, lemma = tree.relations[child - 1], tree.lemmas[child - 1]
        if lemma == "not":
            denied = True
        elif relation == "obl":
            case = next(tree.lemmas[i - 1] for i in tree.children(child) if tree.relations[i - 1] == "case")
            restrictions.add((case, words(child, "case det punct")))
        elif relation == "advmod":
            restrictions.add(("", lemma))
        else:
            parts[relation] = child
    doer = parts["obl:agent"] if "obl:agent" in parts else parts["nsubj"]
    undergoer = parts["nsubj:pass"] if "nsubj:pass" in parts else parts["obj"]
    for child in tree.children(undergoer):
        if tree.relations[child - 1] == "amod":
            restrictions.add(("", tree.lemmas[child - 1]))
    return (
        words(doer, "case det punct"),
        tree.lemmas[root - 1],
        words(undergoer, "case det punct amod"),
        frozenset(restrictions),
        denied,
    )


def follows(premise: Any, hypothesis: Any) -> str:
    """Decide the label from the meanings, by the rules of data_prep/toy/inference.py told anew."""
    nouns = language_of(1).nouns.values()
    kinds = {(n.lemma, n.kind.lemma) for row in nouns for n in row if n.kind}
    opposites = {(v.lemma, v.opposite.lemma) for row in language_of(1).verbs.values() for v in row if v.opposite}
    (ps, pv, po, pr, pn), (hs, hv, ho, hr, hn) = premise, hypothesis
    if ps == hs and (pv, hv) in opposites and pv != hv:
        if pn or not (po == ho or (po, ho) in kinds or (ho, po) in kinds):
            return "neutral"
        return "entailment" if hn else "contradiction"
    (gs, gv, go, gr), (ss, sv, so, sr) = [(hs, hv, ho, hr), (ps, pv, po, pr)][:: -1 if pn else 1]
    if gs == ss and gv == sv and (go == so or (so, go) in kinds) and gr <= sr:
        return "entailment" if pn == hn else "contradiction"
    return "neutral"


def test_every_label_follows_from_the_trees(pairs: list[tuple[Any, Any, str]]) -> None:
    labels = [(follows(understand(a), understand(b)), label) for a, b, label in pairs[:600]]
    assert [own for own, _ in labels] == [label for _, label in labels]


def test_labels_are_balanced_also_within_denied_and_affirmed_hypotheses(pairs: list[tuple[Any, Any, str]]) -> None:
    for group in ([p for p in pairs if "not" in p[1].forms], [p for p in pairs if "not" not in p[1].forms]):
        counts = Counter(label for _, _, label in group)
        assert len(counts) == 3
        assert max(counts.values()) < 0.40 * len(group) and min(counts.values()) > 0.27 * len(group)


def classifier_accuracy(texts: list[list[str]], labels: list[str]) -> float:
    """Train naive Bayes on words and bigrams of three quarters, return accuracy on the rest."""
    cut = len(texts) * 3 // 4
    names = sorted(set(labels))
    counts: dict[str, np.ndarray] = {}

    def features(words: list[str]) -> list[str]:
        return [*words, *map(" ".join, pairwise(words)), f"#{len(words)}"]

    for words, label in zip(texts[:cut], labels[:cut], strict=True):
        for feature in features(words):
            counts.setdefault(feature, np.ones(3))[names.index(label)] += 1
    totals = sum(counts.values())
    right = 0
    for words, label in zip(texts[cut:], labels[cut:], strict=True):
        score = sum(np.log(counts[f] / totals) for f in features(words) if f in counts)
        right += names[int(np.argmax(score))] == label
    return right / (len(texts) - cut)


def test_the_hypothesis_alone_does_not_tell_the_label(pairs: list[tuple[Any, Any, str]]) -> None:
    labels = [label for _, _, label in pairs]
    assert classifier_accuracy([b.forms for _, b, _ in pairs], labels) < 0.40


def test_both_sentences_together_do_tell_something(pairs: list[tuple[Any, Any, str]]) -> None:
    def both(a: Any, b: Any) -> list[str]:
        missing = len(set(b.forms) - set(a.forms) - {"not", "did", "was", "The", "A"})
        return [f"denials {'not' in a.forms}{'not' in b.forms} new {min(missing, 4)}"]

    texts = [both(a, b) for a, b, _ in pairs]
    assert classifier_accuracy(texts, [label for _, _, label in pairs]) > 0.55
