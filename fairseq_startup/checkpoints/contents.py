"""A checkpoint is intact, and is a bounded tree of tensors and plain values."""

from __future__ import annotations

import argparse
import errno
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from fairseq_startup.checkpoints import Refused

MOST_VALUES, DEEPEST, LONGEST_TEXT = 5_000_000, 40, 1_000_000


def check_archive(file: BinaryIO) -> None:
    """Compare each record of a checkpoint, if it is a zip archive, with its CRC-32, which torch writes but never reads.

    Leaves the file where it was.

    Raises:
        Refused: a record is not what was written, or the records claim more bytes than the file has.
    """
    place = file.tell()
    try:
        if not zipfile.is_zipfile(file):
            return
        with zipfile.ZipFile(file) as archive:
            size = file.seek(0, 2)
            if sum(record.file_size for record in archive.infolist()) > size:
                raise Refused("claims to hold more than its own size")
            damaged = archive.testzip()
        if damaged is not None:
            raise Refused(f"its record {damaged} is not what was written (CRC-32)")
    except Refused:
        raise
    except Exception as error:  # whatever comes of taking arbitrary bytes for an archive
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which is a place that the file has not
            raise
        raise Refused(f"its archive is damaged ({error})") from error
    finally:
        file.seek(place)


def children(value: Any) -> Iterator[Any]:
    """Yield what a value holds directly: keys and values of a dict or namespace, elements of a sequence."""
    if isinstance(value, argparse.Namespace):
        value = vars(value)
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value


def check_bounds(torch: Any, state: Any) -> None:
    """Walk a loaded checkpoint.

    Args:
        torch: the torch package.
        state: what was unpickled.

    Raises:
        Refused: it is deeper, larger or longer than any checkpoint, contains itself, or has a tensor that claims more
            elements than are stored.
    """
    level: list[Any] = [state]
    count = 0
    for _ in range(DEEPEST):
        following: list[Any] = []
        for value in level:
            if isinstance(value, torch.Tensor):
                _check_tensor(value)
            elif isinstance(value, (str, bytes, bytearray)) and len(value) > LONGEST_TEXT:
                raise Refused(f"holds a text of {len(value):,} characters")
            else:
                following.extend(children(value))
                if count + len(following) > MOST_VALUES:
                    raise Refused(f"holds more than {MOST_VALUES:,} values")
        count += len(following)
        level = following
        if not level:
            return
    raise Refused(f"is nested more than {DEEPEST} levels deep, or contains itself")


def _check_tensor(tensor: Any) -> None:
    if tensor.layout.__repr__() != "torch.strided" or tensor.is_quantized:
        raise Refused(f"holds a tensor of layout {tensor.layout}")
    if tensor.device.type != "meta" and tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise Refused(f"holds a tensor of shape {tuple(tensor.shape)} whose elements are not all stored")
