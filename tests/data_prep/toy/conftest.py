"""A small toy corpus, made once by the command itself, and readers that share no code with the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairseq_alignmlm.command_line import main

SIZES = (
    "--sentences 3000 --valid-sentences 200 --labelled-train 400 --labelled-dev 200 --pairs-train 3000 --pairs-dev 900"
)


@dataclass
class Tree:
    """One CoNLL-U block, read plainly."""

    forms: list[str]
    lemmas: list[str]
    tags: list[str]
    heads: list[int]
    relations: list[str]
    comments: dict[str, str]

    def children(self, token: int) -> list[int]:
        return [i for i, head in enumerate(self.heads, 1) if head == token]

    def subtree(self, token: int) -> list[int]:
        return sorted([token, *(i for child in self.children(token) for i in self.subtree(child))])


def read_trees(path: Path) -> list[Tree]:
    trees = []
    for block in path.read_text(encoding="utf-8").split("\n\n")[:-1]:
        lines = block.split("\n")
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        assert all(len(row) == 10 for row in rows)
        assert [row[0] for row in rows] == [str(i) for i in range(1, len(rows) + 1)]
        comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("#"))
        columns: Any = list(zip(*rows, strict=True))
        heads = [int(head) for head in columns[6]]
        trees.append(Tree(list(columns[1]), list(columns[2]), list(columns[3]), heads, list(columns[7]), comments))
    return trees


def read_tagged(path: Path) -> list[list[tuple[str, str]]]:
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    assert blocks.pop() == ""
    return [[(line.split("\t")[0], line.split("\t")[1]) for line in block.split("\n")] for block in blocks]


def toy(output: Path, *flags: str) -> int:
    return main("data_prep", "", ["toy", "--output", str(output), *flags])


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small toy corpus of seed 1."""
    folder = tmp_path_factory.mktemp("toy")
    assert toy(folder, *SIZES.split(), "--workers", "1") == 0
    return folder


@pytest.fixture(scope="session")
def trees(corpus: Path) -> list[Tree]:
    """Its training trees."""
    return read_trees(corpus / "trees" / "en" / "train.conllu")


@pytest.fixture(scope="session")
def readers() -> Any:
    """The readers above, for tests in other files."""

    class Readers:
        trees = staticmethod(read_trees)
        tagged = staticmethod(read_tagged)
        command = staticmethod(toy)

    return Readers
