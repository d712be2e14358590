"""torch 2.6 loads only plain data from a checkpoint; fairseq's hold an ``argparse.Namespace`` as well.

A pickle can run any code. So loading stays restricted, with that one harmless class allowed, and a file
that asks for more is refused before anything in it is executed. So is one whose plain data ask fairseq for what
evaluates them.
"""

from __future__ import annotations

import argparse
import functools
import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from fairseq_startup.checkpoints.contents import check_archive, check_bounds
from fairseq_startup.checkpoints.settings import ALLOW_VARIABLE, check_settings
from fairseq_startup.patches.module_view import ModuleView

TRUST_VARIABLE = "FAIRSEQ_ALIGNMLM_TRUST_CHECKPOINTS"


def _input_error(message: str) -> Exception:
    # Imported here alone: at any earlier time it would load the plugin's package before fairseq asks for it.
    from fairseq_alignmlm.errors import InputError

    return InputError(message)


def _reason(error: BaseException) -> str:
    """Return what torch found in the file, without its page of advice."""
    paragraphs = [p.strip() for p in str(error).split("\n\n") if p.strip() and "weights_only" not in p]
    text = " ".join((paragraphs or [type(error).__name__])[0].split())
    return text.partition(" Please use `torch")[0].partition(". ")[0].rstrip(".")


@contextmanager
def _opened(file: Any) -> Iterator[Any]:
    if hasattr(file, "read"):
        yield file
    else:
        with open(file, "rb") as opened:
            yield opened


def load_restricted(torch: ModuleType, file: Any, *args: Any, **kwargs: Any) -> Any:
    """Do ``torch.load`` without running anything from the file, after comparing it with the checksums in it.

    Args:
        torch: the torch package.
        file: a path or an open binary file.
        args: further arguments for ``torch.load``.
        kwargs: likewise; ``weights_only`` is decided here.

    Raises:
        InputError: the file holds more than tensors, plain data and ``argparse.Namespace``, or is damaged.
        OSError: it cannot be read.
    """
    name = getattr(file, "name", file)
    trusted = os.environ.get(TRUST_VARIABLE) == "1"
    try:
        with _opened(file) as opened:
            check_archive(opened)
        if trusted:
            return torch.load(file, *args, **{**kwargs, "weights_only": False})
        with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            state = torch.load(file, *args, **{**kwargs, "weights_only": True})
        check_bounds(torch, state)
        return state
    except OSError:
        raise
    except pickle.UnpicklingError as error:
        raise _input_error(
            f"{name}: refused and nothing in it executed: not a plain checkpoint ({_reason(error)}); "
            f"if you trust whoever made it, set {TRUST_VARIABLE}=1"
        ) from error
    except Exception as error:  # whatever comes of taking arbitrary bytes for a checkpoint
        raise _input_error(
            f"{name}: not a checkpoint, or a damaged one ({_reason(error)}); get or train it again"
        ) from error


def apply(module: ModuleType, execute: Callable[[ModuleType], None]) -> None:
    """Execute ``fairseq.checkpoint_utils`` and have it load checkpoints restricted, and build only what they may name.

    All commands and functions of fairseq read checkpoints through this module.
    """
    execute(module)
    torch = module.torch

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        state = load_restricted(torch, file, *args, **kwargs)
        name = getattr(file, "name", file)
        if not isinstance(state, dict) or not isinstance(state.get("model"), dict):
            raise _input_error(f"{name}: not a checkpoint of fairseq: there is no model in it")
        if os.environ.get(TRUST_VARIABLE) != "1":
            try:
                check_settings(state)
            except Exception as refused:  # also what nobody has thought of
                raise _input_error(
                    f"{name}: refused and nothing in it executed: {refused}; if you trust whoever made it, "
                    f"list the names that it may ask for in {ALLOW_VARIABLE}, or set {TRUST_VARIABLE}=1"
                ) from refused
        return state

    build = module.load_model_ensemble_and_task

    @functools.wraps(build)
    def load_model_ensemble_and_task(filenames: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return build(filenames, *args, **kwargs)
        except Exception as error:
            if isinstance(error, (OSError, type(_input_error("")))):
                raise
            names = ", ".join(map(str, filenames))
            raise _input_error(
                f"{names}: its model cannot be built here ({_reason(error)}); "
                "is it of this model and task, and the data of its vocabulary?"
            ) from error

    vars(module)["torch"] = ModuleView(torch, load=load)
    vars(module)["load_model_ensemble_and_task"] = load_model_ensemble_and_task
