"""A small corpus, and the command line as a user calls it, without a new process for each call."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import main

WORDS = "the a river river's old mayor saw did n't build bridges , ; Zürich naïve 1,000 -"


def small_corpus(documents: int, seed: int = 0) -> str:
    """Return documents of running text, a paragraph a line, a blank line after each document."""
    numbers = random.Random(seed)
    words = WORDS.split()

    def sentence() -> str:
        chosen = [numbers.choice(words) for _ in range(numbers.randint(2, 12))]
        return " ".join(chosen).capitalize() + numbers.choice([".", ".", "?", "!"])

    def document() -> str:
        return "".join(" ".join(sentence() for _ in range(3)) + "\n" for _ in range(numbers.randint(1, 4)))

    return "\n".join(document() for _ in range(documents))


@pytest.fixture(scope="session")
def prepare() -> Callable[..., int]:
    """Run ``python -m data_prep`` with these arguments and return its exit status."""

    def run(*arguments: object) -> int:
        return main("data_prep", "", [str(argument) for argument in arguments])

    return run


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of raw text."""
    folder = tmp_path_factory.mktemp("corpus")
    for name, seed in (("a.txt", 1), ("b.txt", 2)):
        (folder / name).write_text(small_corpus(150, seed), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def encoded_pair(tmp_path_factory: pytest.TempPathFactory, corpus: Path, prepare: Callable[..., int]) -> Path:
    """A pair ``en``, ``en_trans_inv`` with everything up to the dictionary."""
    pair = tmp_path_factory.mktemp("work") / "pair"
    derived = ("--derived", "en_trans_inv")
    assert prepare("sentences", corpus, "--pair", pair, "--valid-every", 10, "--workers", 1) == 0
    assert prepare("vocabulary", "--pair", pair, "--size", 60) == 0
    assert prepare("derive", "--pair", pair, *derived, "--transform", "inv", "--workers", 1) == 0
    assert prepare("encode", "--pair", pair, *derived, "--workers", 1) == 0
    assert prepare("dictionary", "--pair", pair) == 0
    return pair
