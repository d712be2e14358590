"""Python 3.11 refuses ``common: CommonConfig = CommonConfig()`` in a dataclass; fairseq is full of it.

``default_factory`` would please Python and break ``hydra_init``, which reads the field's ``default``. So
the defaults stay as they are, and Python 3.10's rule holds while the classes of these modules are built.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


def _unhashable_default_classes(cls: type) -> set[type]:
    """Return fairseq's classes whose instances are defaults in ``cls`` and which Python takes for mutable."""
    defaults = (v.default if isinstance(v, dataclasses.Field) else v for v in vars(cls).values())
    classes = {type(default) for default in defaults if dataclasses.is_dataclass(default)}
    return {c for c in classes if c.__module__.startswith("fairseq.") and c.__hash__ is None}


@contextmanager
def _hashable(classes: set[type]) -> Iterator[None]:
    """Give ``classes`` a hash for a moment: Python takes exactly the unhashable ones for mutable."""
    for cls in classes:
        cls.__hash__ = object.__hash__  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for cls in classes:
            cls.__hash__ = None  # type: ignore[assignment]


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``module`` while ``dataclasses.dataclass`` takes instances of fairseq's classes as defaults."""
    original = dataclasses.dataclass

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda cls: dataclass(cls, **options)
        with _hashable(_unhashable_default_classes(cls)):
            return original(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        execute(module)
    finally:
        dataclasses.dataclass = original
        if vars(module).get("dataclass") is dataclass:
            vars(module)["dataclass"] = original
