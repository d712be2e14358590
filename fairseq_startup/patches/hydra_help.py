"""Python 3.14 checks the help of every option at once; hydra 1.3 gives an object where text is expected."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fairseq_startup.patches.module_view import ModuleView


class TextHelpParser(argparse.ArgumentParser):
    """Take any object as an option's help, and show its text."""

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an option; see ``argparse``."""
        if options.get("help") is not None:
            options["help"] = str(options["help"])
        return super().add_argument(*names, **options)


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``hydra._internal.utils`` and have its options' help be text."""
    execute(module)
    vars(module)["argparse"] = ModuleView(argparse, ArgumentParser=TextHelpParser)
