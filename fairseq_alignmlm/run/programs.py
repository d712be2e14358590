"""Where the programs are that the engine calls: those of this environment, not of PATH or the working folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fairseq_alignmlm.errors import InputError

_MODULES = {"alignmlm": "fairseq_alignmlm.__main__", "alignmlm-data": "data_prep.__main__"}


def program(name: str) -> list[str]:
    """Return the first words of a command that calls ``alignmlm``, ``fairseq-train``, ``torchrun`` or the like.

    Raises:
        InputError: it is not installed.
    """
    beside = Path(sys.executable).with_name(name)
    if beside.is_file():
        return [str(beside)]
    if name in _MODULES:  # installed before these were there; what the working folder holds is not imported
        code = f"import sys; sys.path[:] = filter(None, sys.path); from {_MODULES[name]} import cli; sys.exit(cli())"
        return [sys.executable, "-c", code]
    found = shutil.which(name)
    if found is None:
        raise InputError(f"{name} is not installed beside {sys.executable}; see `alignmlm doctor`")
    return [found]
