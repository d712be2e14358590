"""The vocabulary of a language pair as fairseq sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from fairseq.data import Dictionary

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.vocabulary import MASK, read_symbols


def load_vocabulary(path: str | Path) -> Dictionary:
    """Read ``dict.txt`` and add ``<mask>`` as the last symbol.

    Raises:
        InputError: when the file is missing or is no fairseq dictionary.
    """
    symbols = read_symbols(path, "give the folder that python -m data_prep binarize wrote")
    if MASK in symbols:
        raise InputError.at(path, None, f"holds {MASK}, which the task adds itself", "binarize the data again")
    dictionary = _as_dictionary(symbols)
    dictionary.add_symbol(MASK)
    return dictionary


def load_labels(path: str | Path) -> Dictionary:
    """Read the ``dict.txt`` of a task's labels.

    Raises:
        InputError: when the file is missing or is no fairseq dictionary.
    """
    return _as_dictionary(read_symbols(path, "run python -m data_prep xtreme"))


def special_symbols(dictionary: Dictionary) -> np.ndarray:
    """Return bool ``(V,)``, True for ``<s> <pad> </s> <unk> <mask>``, which all languages share."""
    special = np.zeros(len(dictionary), dtype=bool)
    special[[dictionary.bos(), dictionary.pad(), dictionary.eos(), dictionary.unk(), dictionary.index(MASK)]] = True
    return special


def _as_dictionary(symbols: Mapping[str, int]) -> Dictionary:
    dictionary = Dictionary()
    for symbol, count in symbols.items():
        dictionary.add_symbol(symbol, n=count)
    return dictionary
