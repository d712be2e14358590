"""Folders of plug-ins: one file each, found by listing the folder, so that a new one is a new file and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from fairseq_alignmlm.errors import InputError


def names(package: str) -> list[str]:
    """Return the names of a package's modules, sorted, but for those that begin with ``_``."""
    folder = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith("_"))


def load(package: str, kind: str, name: str) -> ModuleType:
    """Import the plug-in ``name``.

    Args:
        package: the folder.
        kind: what its plug-ins are, for messages.
        name: of the plug-in.

    Raises:
        InputError: there is none of that name.
    """
    if name not in names(package):
        raise InputError(f"unknown {kind} {name!r}; choose from {', '.join(names(package))}")
    return importlib.import_module(f"{package}.{name}")


def summaries(package: str) -> str:
    """Return ``name: SUMMARY. name: SUMMARY`` of all plug-ins, for ``--help``."""
    return ". ".join(f"{name}: {importlib.import_module(f'{package}.{name}').SUMMARY}" for name in names(package))
