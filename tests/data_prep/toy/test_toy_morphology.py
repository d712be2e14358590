"""Spelling of invented words follows English."""

from __future__ import annotations

import pytest

from data_prep.toy import words
from data_prep.toy.language import language_of


@pytest.mark.parametrize(
    ("stem", "plural", "past", "gerund"),
    [
        ("walk", "walks", "walked", "walking"),
        ("stop", "stops", "stopped", "stopping"),
        ("bake", "bakes", "baked", "baking"),
        ("carry", "carries", "carried", "carrying"),
        ("pray", "prays", "prayed", "praying"),
        ("watch", "watches", "watched", "watching"),
        ("sail", "sails", "sailed", "sailing"),
        ("press", "presses", "pressed", "pressing"),
        ("modernize", "modernizes", "modernized", "modernizing"),
    ],
)
def test_inflection(stem: str, plural: str, past: str, gerund: str) -> None:
    assert (words.plural(stem), words.suffixed(stem, "ed"), words.suffixed(stem, "ing")) == (plural, past, gerund)


def test_derivation() -> None:
    assert [words.adverb(word) for word in ("happy", "noble", "basic", "slow")] == [
        "happily", "nobly", "basically", "slowly",
    ]  # fmt: skip
    assert words.suffixed("big", "er") == "bigger"


def test_a_language_has_thousands_of_lemmas_and_seeds_share_almost_none() -> None:
    first, second = (
        {word.lemma for group in (own.nouns, own.verbs, own.adjectives) for row in group.values() for word in row}
        for own in (language_of(1), language_of(2))
    )
    assert len(first) > 3500
    assert len(first & second) < 0.35 * len(first)


def test_every_kind_and_opposite_is_well_formed() -> None:
    language = language_of(1)
    for nouns in language.nouns.values():
        assert nouns[0].kind is None and all(noun.kind is nouns[0] for noun in nouns[1:])
    for verbs in language.verbs.values():
        assert all(verb.opposite.opposite is verb for verb in verbs if verb.opposite is not None)
