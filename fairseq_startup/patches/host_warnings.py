"""Every fairseq command would open with twenty lines of advice that only fairseq's authors could follow.

They say that fairseq calls hydra and torch in ways that were current in 2022. Each is silenced by its own text, so
that a warning which is not listed here is seen. ``python -W`` and ``PYTHONWARNINGS`` have precedence.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import ModuleType

MESSAGES = (
    r"hydra\.experimental\.(initialize|compose)\(\) is no longer experimental",
    r"\s*The version_base parameter is not specified",
    r"\s*The strict flag in the compose API is deprecated",
    r"In '[\w/]+': Usage of deprecated keyword in package header",
    r"\s*'[\w/]+' is validated against ConfigStore schema with the same name",
    r"\s*Future Hydra versions will no longer change working directory",
    r"`torch\.cuda\.amp\.\w+\(args\.\.\.\)` is deprecated",
    r"'pin_memory' argument is set as true but no accelerator is found",
)


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.dataclass.initialize``, which all of fairseq imports, and silence ``MESSAGES``."""
    execute(module)
    if not sys.warnoptions:
        for message in MESSAGES:
            warnings.filterwarnings("ignore", message=message)
        # Python 3.12 and later, of one file, whenever it is compiled anew
        warnings.filterwarnings(
            "ignore", r"(\"\\\w\" is an )?invalid escape sequence", SyntaxWarning, r"(.*[/\\])?fairseq\b"
        )
