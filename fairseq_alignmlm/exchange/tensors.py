"""Weights in safetensors files, one or many: read and written without any pickle."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json

if TYPE_CHECKING:
    from torch import Tensor

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack")
LONGEST_HEADER = 100 << 20  # the limit of the format's own library
DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}


def read_json(path: Path, largest: int = 1 << 22) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        path: the file.
        largest: bytes that it may have.

    Raises:
        InputError: when the file is missing, too large, or holds anything else.
    """
    if not path.is_file():
        raise InputError.at(path, None, "no such file", "give the folder of a Hugging Face model")
    if path.stat().st_size > largest:
        raise InputError.at(path, None, f"{path.stat().st_size:,} bytes, more than {largest:,}", "get the folder again")
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError.at(path, None, f"not JSON ({_first_line(error)})", "get the folder again") from None
    if not isinstance(found, dict):
        raise InputError.at(path, None, "not a JSON object", "get the folder again")
    return found


class TensorFolder:
    """The tensors of a folder, each read when it is asked for.

    Args:
        folder: with ``model.safetensors``, or its parts and their index.

    Raises:
        InputError: when there is no such file, only a pickle, or a file is broken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._stored_as: dict[str, str] = {}
        self._headers: dict[Path, tuple[dict[str, Any], int]] = {}
        if (folder / SINGLE).is_file():
            self._files = dict.fromkeys(_keys(folder / SINGLE), folder / SINGLE)
        elif (folder / INDEX).is_file():
            self._files = self._parts(folder / INDEX)
        else:
            there = [name for name in PICKLES if (folder / name).exists()]
            what = f"no {SINGLE}" + (f", only {there[0]}, which is not read: a pickle can run code" if there else "")
            remedy = "save it as safetensors where you trust it: model.save_pretrained(DIR)"
            raise InputError.at(folder, None, what, remedy if there else "give the folder of a Hugging Face model")

    def _parts(self, index: Path) -> dict[str, Path]:
        parts = read_json(index, 1 << 26).get("weight_map")
        if not isinstance(parts, dict) or not parts:
            raise InputError.at(index, None, "has no weight_map", "get the folder again")
        files: dict[str, Path] = {}
        for name in sorted({str(name) for name in parts.values()}):
            if Path(name).name != name or not name.endswith(".safetensors"):
                raise InputError.at(index, None, f"{name!r} is not a file of the folder", "get the folder again")
            path = self._folder / name
            if not path.is_file():
                raise InputError.at(path, None, f"no such file, {index.name} names it", "get the folder again")
            files |= dict.fromkeys(_keys(path), path)
        for key, name in parts.items():
            if files.get(key) != self._folder / name:
                raise InputError.at(index, None, f"{key} is not in {name}", "get the folder again")
        return files

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return sorted(set(self._files.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._files

    def keys(self) -> set[str]:
        """Return the names of all tensors."""
        return set(self._files)

    def rename(self, old: str, new: str) -> None:
        """Have a tensor under another name."""
        self._files[new] = self._files.pop(old)
        self._stored_as[new] = self._stored_as.pop(old, old)

    def read(self, key: str) -> Tensor:
        """Return a tensor with its own memory.

        Raises:
            InputError: when its numbers cannot be read, are no floating-point numbers, or not finite.
        """
        import torch

        path = self._files[key]
        name = self._stored_as.get(key, key)
        if path not in self._headers:
            self._headers[path] = _header(path)
        header, start = self._headers[path]
        kind, shape, (first, last) = (header[name][field] for field in ("dtype", "shape", "data_offsets"))
        if kind not in DTYPES:
            raise InputError.at(path, None, f"{name} holds {kind}, no floating-point numbers", "get it again")
        tensor = torch.empty(shape, dtype=getattr(torch, DTYPES[kind]))
        with open(path, "rb") as handle:  # not mapped: the pages of a mapped file count as memory, too
            handle.seek(start + first)
            memory: Any = tensor.view(-1).view(torch.uint8).numpy() if tensor.numel() else bytearray()
            if handle.readinto(memory) != last - first:
                raise InputError.at(path, None, "is truncated", "get the file again")
        if not torch.isfinite(tensor.sum()) and not torch.isfinite(tensor).all():
            raise InputError.at(path, None, f"{name} holds NaN or infinity", "get the file again")
        return tensor


def _keys(path: Path) -> list[str]:
    """Return the names of the tensors of a file whose header fits its size."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as handle:
            return list(handle.keys())
    except (SafetensorError, ValueError, RuntimeError, OSError) as error:
        what = "is truncated" if _is_truncated(path) else f"not a safetensors file ({_first_line(error)})"
        raise InputError.at(path, None, what, "get the file again") from None


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a file that `_keys` has accepted, and where its data start."""
    with open(path, "rb") as handle:
        (length,) = struct.unpack("<Q", handle.read(8))
        return parse_json(handle.read(length)), 8 + length


def _is_truncated(path: Path) -> bool:
    """Tell whether a file is shorter than its header says."""
    size = path.stat().st_size
    with open(path, "rb") as handle:
        start = handle.read(8)
        if len(start) < 8:
            return True
        (length,) = struct.unpack("<Q", start)
        if length > LONGEST_HEADER:
            return False
        try:
            header = parse_json(handle.read(length))
            ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return size < 8 + length
    return size < 8 + length + max(ends, default=0)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors, none of which may share memory with another."""
    from safetensors.torch import save_file

    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, str(path), metadata={"format": "pt"})


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
