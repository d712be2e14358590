"""The toy text looks like news text in numbers: lengths, frequencies, tags, ambiguity."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np


def test_sentences_have_the_length_of_news_text(trees: list[Any]) -> None:
    lengths = np.array([len(tree.forms) for tree in trees])
    assert 15 <= lengths.mean() <= 20
    assert 5 <= lengths.std() <= 10
    assert lengths.min() >= 2 and lengths.max() <= 80


def test_word_frequencies_follow_zipf(trees: list[Any]) -> None:
    counts = Counter(form for tree in trees for form in tree.forms)
    frequencies = np.array(sorted(counts.values(), reverse=True)[:1000])
    slope = np.polyfit(np.log(np.arange(1, 1001)), np.log(frequencies), 1)[0]
    assert -1.15 <= slope <= -0.75
    assert len(counts) > 4000


def test_no_tag_is_a_good_guess_and_most_tags_are_common(trees: list[Any]) -> None:
    tags = Counter(tag for tree in trees for tag in tree.tags)
    shares = {tag: count / tags.total() for tag, count in tags.items()}
    assert max(shares.values()) < 0.22
    assert sum(share > 0.01 for share in shares.values()) >= 13


def test_the_most_frequent_tag_of_a_word_is_right_about_as_often_as_in_english(trees: list[Any]) -> None:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    half = len(trees) // 2
    for tree in trees[:half]:
        for form, tag in zip(tree.forms, tree.tags, strict=True):
            seen[form][tag] += 1
    right = known = ambiguous = 0
    for tree in trees[half:]:
        for form, tag in zip(tree.forms, tree.tags, strict=True):
            if form in seen:
                known += 1
                right += seen[form].most_common(1)[0][0] == tag
                ambiguous += len(seen[form]) > 1
    assert 0.95 <= right / known <= 0.995
    assert 0.03 <= ambiguous / known <= 0.15


def test_documents_have_topics(trees: list[Any]) -> None:
    """Two halves of one document share more noun lemmas than two halves of different documents."""
    documents: list[list[Any]] = []
    for tree in trees:
        if "newdoc id" in tree.comments:
            documents.append([])
        documents[-1].append(tree)

    def nouns(part: list[Any]) -> set[str]:
        return {
            lemma for tree in part for lemma, tag in zip(tree.lemmas, tree.tags, strict=True) if tag in ("NOUN", "VERB")
        }

    halves = [(nouns(d[: len(d) // 2]), nouns(d[len(d) // 2 :])) for d in documents if len(d) >= 6]
    same = np.mean([len(a & b) / len(a) for a, b in halves])
    other = np.mean([len(halves[i][0] & halves[i - 1][1]) / len(halves[i][0]) for i in range(len(halves))])
    assert same > 1.5 * other


def test_verbs_choose_their_objects(trees: list[Any]) -> None:
    """Knowing the verb tells something about the object's class beyond chance: positive mutual information."""
    from data_prep.toy.language import language_of

    language = language_of(1)
    classes = {noun.lemma: name for name, nouns in language.nouns.items() for noun in nouns}
    verbs = {verb.lemma: name for name, row in language.verbs.items() for verb in row}
    pairs: Counter[tuple[str, str]] = Counter()
    for tree in trees:
        for lemma, head, relation in zip(tree.lemmas, tree.heads, tree.relations, strict=True):
            if relation == "obj" and lemma in classes and tree.lemmas[head - 1] in verbs:
                pairs[verbs[tree.lemmas[head - 1]], classes[lemma]] += 1
    total = pairs.total()
    verb_counts: Counter[str] = Counter()
    class_counts: Counter[str] = Counter()
    for (verb, noun_class), count in pairs.items():
        verb_counts[verb] += count
        class_counts[noun_class] += count
    information = sum(
        count / total * np.log(count * total / verb_counts[verb] / class_counts[noun_class])
        for (verb, noun_class), count in pairs.items()
    )
    assert information > 0.8  # nats
