"""On a full disk fairseq leaves a cut-off ``checkpoint_last.pt``, which then stops the next run from resuming.

It copies one checkpoint onto another's name, and tries a failed write again behind the debris of the first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any


@contextmanager
def _whole_file(path: str) -> Iterator[str]:
    """Yield a temporary name that becomes ``path`` if all goes well and vanishes otherwise."""
    temporary = path + ".tmp"
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.remove(temporary)
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__context__
        if cause is None or cause.errno is None:
            raise
        raise OSError(cause.errno, f"{os.strerror(cause.errno)}; the checkpoint was not written", path) from error


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.checkpoint_utils`` and have it write local checkpoints whole or not at all."""
    execute(module)
    stock_save, stock_paths, torch = module.torch_persistent_save, module.PathManager, module.torch

    def torch_persistent_save(obj: Any, filename: str, async_write: bool = False) -> None:
        if async_write or not stock_paths.supports_rename(filename):
            stock_save(obj, filename, async_write=async_write)
            return
        # Given the open file rather than its name, torch lets the system's own error through.
        with _whole_file(filename) as temporary, open(temporary, "wb") as file:
            torch.save(obj, file)

    class WholeFilePathManager(stock_paths):  # type: ignore[misc, valid-type]
        @staticmethod
        def copy(src_path: str, dst_path: str, overwrite: bool = False) -> Any:
            if not stock_paths.supports_rename(dst_path):
                return stock_paths.copy(src_path, dst_path, overwrite=overwrite)
            with _whole_file(dst_path) as temporary:
                shutil.copyfile(src_path, temporary)
            return dst_path

    vars(module)["torch_persistent_save"] = torch_persistent_save
    vars(module)["PathManager"] = WholeFilePathManager
