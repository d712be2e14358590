"""Python 3.14 writes ``Optional[int]`` as ``int | None``; fairseq reads the type's text."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin


def interpret_dc_type(field_type: Any) -> Any:
    """Return the type that stands in a dataclass field, without ``Optional``; ``str`` for ``Any``.

    Raises:
        RuntimeError: the type is given as text.
    """
    if isinstance(field_type, str):
        raise RuntimeError("field should be a type")
    if field_type == Any:
        return str
    if get_origin(field_type) in (Union, UnionType) and NoneType in get_args(field_type):
        return get_args(field_type)[0]
    return field_type


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.dataclass.utils`` and have it read types as types."""
    execute(module)
    vars(module)["interpret_dc_type"] = interpret_dc_type
