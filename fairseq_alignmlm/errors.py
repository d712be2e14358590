"""The one exception that bad input raises: a line a person can act on."""

from __future__ import annotations

from pathlib import Path


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
