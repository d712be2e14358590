"""Binarized text on disk, checked before it is trusted."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from fairseq.data.indexed_dataset import (
    MMapIndexedDataset,
    data_file_path,
    index_file_path,
)

from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity


def load_binarized(prefix: str | Path) -> MMapIndexedDataset:
    """Map ``prefix.bin`` and ``prefix.idx``, as `fairseq-preprocess` writes them, into memory.

    Args:
        prefix: path without suffix.

    Returns:
        The sentences, each a tensor of token indices ending in ``</s>``; nothing is read until asked for.

    Raises:
        InputError: when a file is missing, empty, shorter than its index says, or not what its manifest records.
    """
    prefix = str(prefix)
    data, index = Path(data_file_path(prefix)), Path(index_file_path(prefix))
    for path in (data, index):
        if not path.is_file():
            raise InputError.at(path, None, "no such file", "binarize the data first (python -m data_prep binarize)")
    if index.stat().st_size == 0 or index.read_bytes()[:9] != MMapIndexedDataset.Index._HDR_MAGIC:
        raise InputError.at(index, None, "not an index of fairseq-preprocess (mmap)", "binarize the data again")
    verify(index)
    try:
        dataset = MMapIndexedDataset(prefix)
    except (ValueError, KeyError, AssertionError, OverflowError, struct.error) as error:
        what = f"cannot be read ({type(error).__name__}: {error})"
        raise InputError.at(index, None, what, "binarize the data again") from error
    if len(dataset) == 0:
        raise InputError.at(data, None, "holds no sentence", "check the text it was made from")
    expected = _expected_bytes(index, dataset)
    if data.stat().st_size != expected:
        raise InputError.at(
            data,
            None,
            f"truncated or foreign: {data.stat().st_size:,} bytes, its index says {expected:,}",
            "binarize the data again",
        )
    verify(data)
    return dataset


def _expected_bytes(path: Path, dataset: MMapIndexedDataset, at_once: int = 2**20) -> int:
    """Return the size of the data file that an index describes, after a look whether its sentences fill it in order."""
    index, end = dataset._index, 0
    item_bytes = np.dtype(index.dtype).itemsize
    for start in range(0, len(dataset), at_once):
        sizes = np.asarray(index.sizes[start : start + at_once], dtype=np.int64)
        ends = end + np.cumsum(sizes) * item_bytes
        if sizes.min() < 0 or not np.array_equal(index._pointers[start : start + at_once], ends - sizes * item_bytes):
            raise InputError.at(
                path, None, "damaged: its sentences do not follow each other", "binarize the data again"
            )
        end = int(ends[-1])
    return end


def require_same_vocabulary(folder: Path, identity: Identity, names: tuple[str, ...] = ("symbols", "counts")) -> None:
    """Refuse binarized text that was made with another dict.txt, where it says with which.

    Args:
        folder: a language's folder, or that of parallel text.
        identity: that of dict.txt.
        names: what has to be equal.

    Raises:
        InputError: when the two differ.
    """
    told = folder / FILE_NAME
    if told.is_file():
        identity.require(Identity.read(told), folder, "dict.txt", "binarize the data again", names)


def token_counts(dataset: MMapIndexedDataset, vocabulary_size: int, batch: int = 10_000) -> np.ndarray:
    """Count how often each symbol occurs.

    Args:
        dataset: binarized sentences.
        vocabulary_size: number of symbols V.
        batch: sentences counted at a time; memory does not grow with the data.

    Returns:
        int64 counts ``(V,)``.

    Raises:
        InputError: when an index is not below V, so that the data belong to another dictionary.
    """
    counts = np.zeros(vocabulary_size, dtype=np.int64)
    for start in range(0, len(dataset), batch):
        stop = min(start + batch, len(dataset))
        found = np.bincount(np.concatenate([dataset[i].numpy() for i in range(start, stop)]))
        if len(found) > vocabulary_size:
            raise InputError(
                f"the data hold symbol {len(found) - 1}, the dictionary only {vocabulary_size}; "
                "use the dict.txt that the data were binarized with"
            )
        counts[: len(found)] += found
    return counts
