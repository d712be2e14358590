"""A fairseq command that is given bad input says so in one line, without a page of traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def mend(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute a module of ``fairseq_cli`` and have its command report an ``InputError`` as our commands do."""
    execute(module)
    command = module.cli_main

    @functools.wraps(command)
    def cli_main(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except ValueError as error:
            # Who has not loaded our errors cannot have raised one.
            errors = sys.modules.get("fairseq_alignmlm.errors")
            if errors is None or not isinstance(error, errors.InputError):
                raise
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(2) from None

    vars(module)["cli_main"] = cli_main
