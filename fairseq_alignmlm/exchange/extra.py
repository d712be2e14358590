"""Libraries of the extra ``[hf]``, asked for by name before they are needed."""

from __future__ import annotations

import importlib.util

from fairseq_alignmlm.errors import InputError


def require_extra(*names: str) -> None:
    """Make sure that libraries are installed.

    Raises:
        InputError: when one is not; the message says how to install it.
    """
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} not installed; pip install 'fairseq-alignmlm[hf]'")
