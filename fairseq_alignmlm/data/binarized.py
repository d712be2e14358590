"""Binarized text on disk, checked before it is trusted."""

from __future__ import annotations

import struct
from pathlib import Path
from tokenize import TokenError

import numpy as np
import torch
from fairseq.data.indexed_dataset import MMapIndexedDataset, _code_to_dtype, data_file_path, index_file_path

from fairseq_alignmlm.checksums import verified_digest, verify
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity

HEADER = struct.Struct("<9sQBQ")  # of an index: magic, version, code of the integer type, sentences
COUNTED_AT_A_TIME = CHECKED_AT_A_TIME = 1 << 22
BINARIZE_AGAIN = "binarize the data again"


class _Index:
    """``<prefix>.idx``: the length of every sentence (int32) and its offset in bytes (int64), mapped.

    Raises:
        InputError: when it is not of this format, or shorter or longer than it says.
    """

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as handle:
            header = handle.read(HEADER.size)
        magic, version, code, length = HEADER.unpack(header) if len(header) == HEADER.size else (b"", 0, 0, 0)
        if magic != MMapIndexedDataset.Index._HDR_MAGIC or version != 1 or code not in _code_to_dtype:
            raise InputError.at(path, None, "not an index of fairseq-preprocess (mmap)", BINARIZE_AGAIN)
        expected = HEADER.size + length * 12
        if path.stat().st_size != expected:
            what = f"truncated or foreign: {path.stat().st_size:,} bytes, it says {expected:,}"
            raise InputError.at(path, None, what, BINARIZE_AGAIN)
        self.dtype = np.dtype(_code_to_dtype[code])
        buffer = np.memmap(path, mode="r")
        self.sizes = np.frombuffer(buffer, np.int32, length, HEADER.size)
        self.pointers = np.frombuffer(buffer, np.int64, length, HEADER.size + self.sizes.nbytes)


class MappedSentences(MMapIndexedDataset):
    """Binarized text, mapped into memory: the time to open it does not grow with it.

    fairseq's own class reads both files through when they are opened.

    Raises:
        InputError: when it holds no sentence, or is shorter or longer than its index says.
    """

    def _do_init(self, path: str) -> None:
        data = Path(data_file_path(path))
        self._path, self._index = path, _Index(Path(index_file_path(path)))
        sizes, pointers = self._index.sizes, self._index.pointers
        if not len(sizes):
            raise InputError.at(data, None, "holds no sentence", "check the text it was made from")
        expected = int(pointers[-1]) + int(sizes[-1]) * self._index.dtype.itemsize
        if data.stat().st_size != expected:
            what = f"truncated or foreign: {data.stat().st_size:,} bytes, its index says {expected:,}"
            raise InputError.at(data, None, what, BINARIZE_AGAIN)
        self._tokens = np.memmap(data, self._index.dtype, mode="r")

    def __del__(self) -> None:
        """Leave the files to numpy."""

    def __len__(self) -> int:
        return len(self._index.sizes)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return sentence ``index``, int64 ``(T,)``."""
        start, rest = divmod(int(self._index.pointers[index]), self._index.dtype.itemsize)
        stop = start + int(self._index.sizes[index])
        if rest or not 0 <= start < stop <= len(self._tokens):
            raise InputError.at(f"{self._path}.idx", None, f"sentence {index + 1:,} is damaged", BINARIZE_AGAIN)
        return torch.from_numpy(self._tokens[start:stop].astype(np.int64))

    def check_order(self) -> None:
        """Look whether the sentences follow each other; for an index whose checksum is not recorded.

        Raises:
            InputError: they do not.
        """
        sizes, pointers, end = self._index.sizes, self._index.pointers, 0
        for start in range(0, len(sizes), CHECKED_AT_A_TIME):
            lengths = sizes[start : start + CHECKED_AT_A_TIME].astype(np.int64) * self._index.dtype.itemsize
            ends = end + np.cumsum(lengths)
            if lengths.min() < 0 or not np.array_equal(pointers[start : start + CHECKED_AT_A_TIME], ends - lengths):
                what = "damaged: its sentences do not follow each other"
                raise InputError.at(f"{self._path}.idx", None, what, BINARIZE_AGAIN)
            end = int(ends[-1])

    @property
    def token_count(self) -> int:
        """Tokens of all sentences."""
        return len(self._tokens)

    def count_tokens(self) -> np.ndarray:
        """Return how often every symbol occurs, int64, up to the last that does; memory does not grow with the text."""
        counts = np.zeros(0, np.int64)
        for start in range(0, len(self._tokens), COUNTED_AT_A_TIME):
            found = np.bincount(self._tokens[start : start + COUNTED_AT_A_TIME], minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
        return counts

    def written_counts(self) -> np.ndarray | None:
        """Return how often every symbol occurs, as `data_prep binarize` counted it; None where it did not.

        Raises:
            InputError: when the counts cannot be read or are of another text.
        """
        path = Path(f"{self._path}.counts.npy")
        if not path.is_file():
            return None
        verify(path)
        try:
            # Mapped, so that a header that claims more than the file holds asks for no memory.
            counts = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        except (ValueError, EOFError, TypeError, OverflowError, SyntaxError, TokenError) as error:
            raise InputError.at(path, None, "cannot be read", BINARIZE_AGAIN) from error
        if counts.dtype != np.int64 or counts.ndim != 1 or counts.min(initial=0) < 0:
            raise InputError.at(path, None, "no counts of symbols", BINARIZE_AGAIN)
        if counts.sum() != self.token_count:
            what = f"counts {counts.sum():,} tokens, the text has {self.token_count:,}"
            raise InputError.at(path, None, what, BINARIZE_AGAIN)
        return counts


def load_binarized(prefix: str | Path) -> MappedSentences:
    """Map ``prefix.bin`` and ``prefix.idx``, as `fairseq-preprocess` writes them, into memory.

    Args:
        prefix: path without suffix.

    Returns:
        The sentences, each a tensor of token indices ending in ``</s>``; nothing is read until asked for.

    Raises:
        InputError: when a file is missing, empty, shorter than its index says, or not what its manifest records.
    """
    data, index = Path(data_file_path(str(prefix))), Path(index_file_path(str(prefix)))
    for path in (data, index):
        if not path.is_file():
            raise InputError.at(path, None, "no such file", "binarize the data first (python -m data_prep binarize)")
    recorded = verified_digest(index) is not None
    dataset = MappedSentences(str(prefix))
    if not recorded:
        dataset.check_order()
    verify(data)
    return dataset


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


def token_counts(dataset: MappedSentences, vocabulary_size: int) -> np.ndarray:
    """Return how often each symbol occurs: as it was counted when the text was binarized, or else counted now.

    Args:
        dataset: binarized sentences.
        vocabulary_size: number of symbols V.

    Returns:
        int64 counts ``(V,)``.

    Raises:
        InputError: when an index is not below V, so that the data belong to another dictionary.
    """
    written = dataset.written_counts()
    found = np.trim_zeros(dataset.count_tokens() if written is None else written, "b")
    if len(found) > vocabulary_size:
        raise InputError(
            f"the data hold symbol {len(found) - 1}, the dictionary only {vocabulary_size}; "
            "use the dict.txt that the data were binarized with"
        )
    return np.pad(found, (0, vocabulary_size - len(found)))
