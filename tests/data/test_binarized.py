"""Binarized text is mapped, as fairseq reads it; what is damaged is told in one line."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from fairseq.data.indexed_dataset import MMapIndexedDataset

from data_prep.vocabulary.mmap_dataset import MmapBinarizer
from fairseq_alignmlm.data.binarized import MappedSentences, load_binarized, token_counts
from fairseq_alignmlm.errors import InputError

LINES = ["a b a", "", "c", "a unknown b"]


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / "dict.txt").write_text("a 1\nb 1\nc 1\n")
    (tmp_path / "text").write_text("\n".join(LINES) + "\n")
    with MmapBinarizer(tmp_path / "dict.txt") as binarizer:
        binarizer.write(tmp_path / "text", tmp_path / "train")
        assert binarizer.write_counts(tmp_path / "train") == 3 + 0 + 1 + 3 + len(LINES)
    return tmp_path / "train"


def test_sentences_are_those_of_fairseq_also_after_pickling(prefix: Path) -> None:
    theirs = MMapIndexedDataset(str(prefix))
    for ours in (load_binarized(prefix), pickle.loads(pickle.dumps(load_binarized(prefix)))):
        assert ours.sizes.tolist() == theirs.sizes.tolist()
        assert [ours[i].tolist() for i in range(len(ours))] == [theirs[i].tolist() for i in range(len(theirs))]
        assert ours[0].dtype == theirs[0].dtype


def test_counts_are_read_where_they_are_written_and_counted_where_not(prefix: Path) -> None:
    expected = [0, 0, len(LINES), 1, 3, 2, 1, 0, 0]  # <s> <pad> </s> <unk> a b c, and symbols that do not occur
    assert token_counts(load_binarized(prefix), 9).tolist() == expected
    Path(f"{prefix}.counts.npy").unlink()
    assert token_counts(load_binarized(prefix), 9).tolist() == expected
    with pytest.raises(InputError, match="the data hold symbol 6, the dictionary only 5"):
        token_counts(load_binarized(prefix), 5)


@pytest.mark.parametrize("content", [b"", b"no numpy file", b"\x93NUMPY\x01\x00\xff\xff"])
def test_broken_counts_are_refused(prefix: Path, content: bytes) -> None:
    Path(f"{prefix}.counts.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"train\.counts\.npy: cannot be read; binarize the data again"):
        token_counts(load_binarized(prefix), 9)


@pytest.mark.parametrize("counts", [np.array([1.0]), np.array([-1, 12]), np.array([[11]]), np.array([10])])
def test_counts_of_something_else_are_refused(prefix: Path, counts: np.ndarray) -> None:
    np.save(f"{prefix}.counts.npy", counts)
    with pytest.raises(InputError, match=r"train\.counts\.npy: (no counts|counts 10 tokens, the text has 11)"):
        token_counts(load_binarized(prefix), 9)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, b"X", "not an index of fairseq-preprocess"),
        (17, bytes([99]), "not an index of fairseq-preprocess"),
        (18, struct.pack("<Q", 1 << 60), "truncated or foreign"),
        (26 + 16 + 8, struct.pack("<q", -2), "damaged: its sentences do not follow each other"),
        (26 + 16 + 8, struct.pack("<q", 7), "damaged: its sentences do not follow each other"),
        (26 + 16 + 8, struct.pack("<q", 1 << 40), "damaged: its sentences do not follow each other"),
        (26 + 4, struct.pack("<i", -1), "damaged: its sentences do not follow each other"),
        (26 + 16 + 24, struct.pack("<q", 1 << 40), "its index says"),
    ],
)
def test_a_damaged_index_is_told_in_one_line(prefix: Path, place: int, value: bytes, message: str) -> None:
    index = Path(f"{prefix}.idx")
    content = bytearray(index.read_bytes())
    content[place : place + len(value)] = value
    index.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_binarized(prefix)
    if "follow" in message:
        with pytest.raises(InputError, match="sentence 2 is damaged"):
            MappedSentences(str(prefix))[1]
