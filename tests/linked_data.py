"""Small folders of linked sentences for tests."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_prep.vocabulary.mmap_dataset import EncodedLines, MmapWriter
from fairseq_alignmlm.data.linked_names import linked_prefix
from fairseq_alignmlm.identity import FILE_NAME

Pair = tuple[list[list[int]], list[list[int]], list[tuple[int, int]]]  # pieces of the words of both sides, links


def write_linked(
    folder: Path, vocabulary: Path, pairs: dict[str, Sequence[Pair]], languages: tuple[str, str] = ("en", "xx")
) -> Path:
    """Write splits of linked sentences as the verb `links` does."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(vocabulary, folder / "dict.txt")
    if vocabulary.with_name(FILE_NAME).is_file():
        shutil.copyfile(vocabulary.with_name(FILE_NAME), folder / FILE_NAME)
    for split, rows in pairs.items():
        first, second = languages
        columns = {
            first: [[piece for word in row[0] for piece in word] + [2] for row in rows],
            second: [[piece for word in row[1] for piece in word] + [2] for row in rows],
            f"{first}.words": [np.cumsum([0, *map(len, row[0][:-1])]).tolist() for row in rows],
            f"{second}.words": [np.cumsum([0, *map(len, row[1][:-1])]).tolist() for row in rows],
            "links": [[word for link in row[2] for word in link] for row in rows],
        }
        for name, lines in columns.items():
            with MmapWriter(Path(f"{folder / linked_prefix(split, languages)}.{name}"), np.dtype(np.uint16)) as writer:
                flat = np.array([number for line in lines for number in line], np.uint32)
                writer.add(EncodedLines(flat, np.array(list(map(len, lines)))))
    return folder


def reversed_pairs(count: int, seed: int, words: int = 40) -> list[Pair]:
    """Return sentences of one- and two-piece words with their transliteration, reversed, and gold links."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        source = [(4 + rng.integers(0, words, rng.integers(1, 3))).tolist() for _ in range(rng.integers(3, 8))]
        target = [[piece + words for piece in word] for word in reversed(source)]
        links = [(i, len(source) - 1 - i) for i in range(len(source))]
        found.append((source, target, links))
    return found
