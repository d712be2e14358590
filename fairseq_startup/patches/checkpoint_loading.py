"""torch 2.6 loads only plain data from a checkpoint; fairseq's hold an ``argparse.Namespace`` as well.

A pickle can run any code. So loading stays restricted, with that one harmless class allowed, and a file
that asks for more is refused before anything in it is executed.
"""

from __future__ import annotations

import argparse
import os
import pickle
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

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


def load_restricted(torch: ModuleType, file: Any, *args: Any, **kwargs: Any) -> Any:
    """Do ``torch.load`` without running anything from the file.

    Args:
        torch: the torch package.
        file: a path or an open binary file.
        args: further arguments for ``torch.load``.
        kwargs: likewise; ``weights_only`` is decided here.

    Raises:
        InputError: the file holds more than tensors, plain data and ``argparse.Namespace``, or is damaged.
    """
    if os.environ.get(TRUST_VARIABLE) == "1":
        return torch.load(file, *args, **{**kwargs, "weights_only": False})
    name = getattr(file, "name", file)
    try:
        with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(file, *args, **{**kwargs, "weights_only": True})
    except (OSError, MemoryError):
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
    """Execute ``fairseq.checkpoint_utils`` and have it load checkpoints restricted."""
    execute(module)
    torch = module.torch

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        state = load_restricted(torch, file, *args, **kwargs)
        if not isinstance(state, dict) or "model" not in state:
            raise _input_error(f"{getattr(file, 'name', file)}: not a checkpoint of fairseq: there is no model in it")
        return state

    vars(module)["torch"] = ModuleView(torch, load=load)
