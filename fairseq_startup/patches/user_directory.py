"""``--user-dir fairseq_alignmlm`` shall mean the installed package, from any folder, however it is installed.

Stock fairseq reads it as a path, relative to the working folder or else beside its own package, which is
wrong for an editable install, and it fails or leaves the tasks out when the package is already imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and (
        os.path.exists(os.path.join(path, "__init__.py")) or os.path.isdir(os.path.join(path, "tasks"))
    )


def locate(user_dir: str, fairseq_folder: str) -> tuple[str, str | None]:
    """Return the name of the package that ``user_dir`` means, and its folder if it is given by a path.

    A folder of the working directory comes first, as in stock fairseq; then an installed package of that
    name; then a path relative to the fairseq package or to its parent.

    Raises:
        FileNotFoundError: there is no such folder or package.
    """
    path = os.path.abspath(user_dir)
    if _is_folder(path):
        return os.path.basename(path), path
    if user_dir.isidentifier() and importlib.util.find_spec(user_dir) is not None:
        return user_dir, None
    for beside in (fairseq_folder, os.path.dirname(fairseq_folder)):
        path = os.path.abspath(os.path.join(beside, user_dir))
        if _is_folder(path):
            return os.path.basename(path), path
    raise FileNotFoundError(f"--user-dir {user_dir}: neither a folder seen from {os.getcwd()} nor an installed package")


def import_package(name: str, folder: str | None) -> ModuleType:
    """Import the package ``name``, from ``folder`` where one is given.

    Raises:
        ImportError: another package of the same name is already imported.
    """
    if folder is None:
        return importlib.import_module(name)
    if name not in sys.modules:
        sys.path.insert(0, os.path.dirname(folder))
    package = importlib.import_module(name)
    if os.path.realpath(folder) not in map(os.path.realpath, package.__path__):
        raise ImportError(
            f"--user-dir {folder}: another package named {name} is already imported, from "
            f"{list(package.__path__)}; rename the folder, or give that package's path"
        )
    return package


def import_user_module(args: Any) -> None:
    """Import the package ``args.user_dir`` and all modules of its ``tasks`` and ``models`` folders.

    Args:
        args: a namespace or config, with or without ``user_dir``.
    """
    user_dir = getattr(args, "user_dir", None)
    if user_dir is None:
        return
    from fairseq.models import import_models
    from fairseq.tasks import import_tasks

    package = import_package(*locate(str(user_dir), sys.modules["fairseq"].__path__[0]))
    for kind, import_all in (("tasks", import_tasks), ("models", import_models)):
        for root in package.__path__:
            folder = os.path.join(root, kind)
            if os.path.isdir(folder):
                import_all(folder, f"{package.__name__}.{kind}")


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.utils`` and have it find user modules by package name as well."""
    execute(module)
    vars(module)["import_user_module"] = import_user_module
