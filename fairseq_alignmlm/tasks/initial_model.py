"""The encoder that a training started from, beside the one in training."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.pretrained import PretrainedEncoder


def load_initial_model(path: str | None, vocabulary: Path) -> nn.Module:
    """Load a checkpoint for evaluation.

    Args:
        path: of the checkpoint.
        vocabulary: ``dict.txt``, which has to be its own.

    Raises:
        InputError: there is no such checkpoint, or it is of another vocabulary.
    """
    if not path:
        raise InputError("--contrast mse: give --anchor-model FILE, the checkpoint before realignment")
    return PretrainedEncoder.load(Path(path), vocabulary).model
