"""The one exception that bad input raises: a line a person can act on."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType


class InputError(ValueError):
    """Report bad input in one line: file, line number, what is wrong, what to do.

    Commands catch it, print ``error: <message>`` to stderr and exit with status 2.
    """

    @classmethod
    def at(cls, path: str | Path, line: int | None, what: str, remedy: str = "") -> InputError:
        """Build the message ``path:line: what; remedy``.

        Args:
            path: the offending file.
            line: 1-based line number, or None when the whole file is meant.
            what: what is wrong.
            remedy: what to do about it.
        """
        where = f"{path}:{line}" if line is not None else f"{path}"
        return cls(f"{where}: {what}" + (f"; {remedy}" if remedy else ""))


def show_input_errors_in_one_line() -> None:
    """Make an uncaught `InputError` end a foreign command with one line instead of a traceback.

    fairseq's commands know nothing of `InputError`, and wrap what a checkpoint raises in an exception of their own.
    Set ``FAIRSEQ_ALIGNMLM_TRACEBACK=1`` to see the traceback as well.
    """
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, InputError):
            cause = cause.__cause__ or cause.__context__
        if cause is None or os.environ.get("FAIRSEQ_ALIGNMLM_TRACEBACK"):
            previous(kind, error, trace)
        if cause is not None:
            print(f"error: {cause}", file=sys.stderr)

    sys.excepthook = hook
