"""Trees, ordering models and real data for the tests of word order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.languages.syntax.conllu import Sentence, parse_block
from data_prep.languages.syntax.ordering_model import OrderingModel, read_model

LANGUAGES = {"en": "English", "fr": "French", "hi": "Hindi"}


def make_tree(text: str) -> Sentence:
    """Build a tree from ``form UPOS head label`` lines; lemmas are the lower-cased forms."""
    rows = []
    for number, line in enumerate(text.strip().splitlines(), 1):
        form, upos, head, label = line.split()
        rows.append("\t".join([str(number), form, form.lower(), upos, "_", "_", head, label, "_", "_"]))
    return parse_block(rows, "test.conllu", 1)


@pytest.fixture(scope="session")
def tree() -> Callable[[str], Sentence]:
    """Build a tree from lines of ``form UPOS head label``."""
    return make_tree


@pytest.fixture(scope="session")
def published(shared_data: Path) -> dict[str, OrderingModel]:
    """The published models: ``fr@N`` and so on."""
    return {
        f"{code}@{node}": read_model(shared_data / "gd" / "models" / f"GD_{name}" / f"{code}@{node}.orm")
        for code, name in LANGUAGES.items()
        for node in "NV"
    }
