"""A module as one other module shall see it."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class ModuleView(ModuleType):
    """Show a module with some names replaced, to whoever holds the view and to nobody else."""

    def __init__(self, module: ModuleType, **replacements: Any) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__.update(replacements)
        self.__dict__["_viewed"] = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._viewed, name)
