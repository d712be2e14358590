"""The lengths of instances against the positions of the model."""

from __future__ import annotations

import numpy as np

from fairseq_alignmlm.errors import InputError


def check_lengths(split: str, sizes: np.ndarray, positions: int | None, setting: str) -> None:
    """Refuse instances that fairseq would leave out, or stop at, because the model has no positions for them.

    Args:
        split: the name of the split.
        sizes: lengths of its instances in tokens ``(N,)``.
        positions: longest input of the model; None when it is not known.
        setting: the option that limits the lengths.

    Raises:
        InputError: when an instance is longer than the positions.
    """
    longest = int(np.max(sizes, initial=0))
    if positions is not None and longest > positions:
        raise InputError(
            f"{split}: an instance has {longest} tokens, the model positions for {positions}; give {setting} "
            f"{positions}, or train a model with --max-positions {longest}"
        )
