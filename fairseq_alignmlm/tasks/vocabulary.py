"""The vocabulary of a language pair as fairseq sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fairseq.data import Dictionary

from fairseq_alignmlm.errors import InputError

MASK = "<mask>"


def load_vocabulary(path: str | Path) -> Dictionary:
    """Read ``dict.txt`` and add ``<mask>`` as the last symbol.

    Raises:
        InputError: when the file is missing or is no fairseq dictionary.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError.at(path, None, "no such file", "give the folder that python -m data_prep binarize wrote")
    try:
        dictionary = Dictionary.load(str(path))
    except (ValueError, RuntimeError, UnicodeError) as error:
        raise InputError.at(path, None, f"not a fairseq dictionary ({error})", "binarize the data again") from error
    dictionary.add_symbol(MASK)
    return dictionary


def special_symbols(dictionary: Dictionary) -> np.ndarray:
    """Return bool ``(V,)``, True for ``<s> <pad> </s> <unk> <mask>``, which all languages share."""
    special = np.zeros(len(dictionary), dtype=bool)
    special[[dictionary.bos(), dictionary.pad(), dictionary.eos(), dictionary.unk(), dictionary.index(MASK)]] = True
    return special
