"""A fairseq command that is given bad input says so in one line, without a page of traceback."""

from __future__ import annotations

import errno
import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

BAD_INPUT, BAD_SURROUNDINGS = 2, 1
DISK_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE),
)


def _exit_status(error: Exception) -> int | None:
    """Return the exit status for an error a person can act on; None for all others, whose traceback matters."""
    # Who has not loaded our errors cannot have raised one.
    errors = sys.modules.get("fairseq_alignmlm.errors")
    if errors is not None and isinstance(error, errors.InputError):
        return BAD_INPUT
    if isinstance(error, (FileNotFoundError, PermissionError)):
        return BAD_SURROUNDINGS
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return BAD_SURROUNDINGS
    return None


def _reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def reporting_command(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError) as error:
            status = _exit_status(error)
            if status is None:
                raise
            print(f"error: {error}", file=sys.stderr, flush=True)
            raise SystemExit(status) from None

    return reporting_command


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``module`` and have the command in it report errors as our own commands do.

    ``cli_main`` is what the console scripts call; ``call_main``, of ``fairseq.distributed.utils``, is what they do
    their work in, also when hydra, which prints tracebacks itself, or ``python -m`` has called them.
    """
    execute(module)
    for name in ("cli_main", "call_main"):
        if hasattr(module, name):
            vars(module)[name] = _reporting(getattr(module, name))
