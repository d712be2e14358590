"""``from_pretrained`` unpacks a model's archive with Python's old rules, by which a member may be written anywhere."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fairseq_startup.patches.module_view import ModuleView


class ConfinedTarFile(tarfile.TarFile):
    """Extract regular files, folders and links that stay within the folder, and nothing else (PEP 706)."""

    @staticmethod
    def extraction_filter(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
        """Return the member as it may be extracted.

        Raises:
            tarfile.FilterError: it would leave the folder, or is a device.
        """
        return tarfile.data_filter(member, path)


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.file_utils`` and have it extract archives confined."""
    execute(module)

    def open_confined(*args: Any, **kwargs: Any) -> tarfile.TarFile:
        return ConfinedTarFile.open(*args, **kwargs)

    vars(module)["tarfile"] = ModuleView(tarfile, open=open_confined)
