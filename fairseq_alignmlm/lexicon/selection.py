"""Which dictionary serves which language pair: the value of ``--dictionary``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary


def load_dictionaries(value: str, languages: Sequence[str]) -> list[tuple[str, str, BilingualDictionary]]:
    """Read ``path`` (first two languages) or ``en-fr=path,en-ar=path``.

    Args:
        value: what the user gave.
        languages: the known languages; their names may hold hyphens.

    Returns:
        For each dictionary the language of its left side, that of its right side, and its entries.

    Raises:
        InputError: when a pair names an unknown language, or a file is missing or unusable.
    """
    if "=" not in value or Path(value).is_file():
        if len(languages) < 2:
            raise InputError(f"--dictionary {value}: a dictionary needs two languages, there is {', '.join(languages)}")
        return [(languages[0], languages[1], BilingualDictionary.load(value))]
    pairs = {f"{first}-{second}": (first, second) for first in languages for second in languages if first != second}
    found = []
    for part in value.split(","):
        name, _, path = part.partition("=")
        if name not in pairs:
            raise InputError(f"--dictionary: {name!r} is no pair of the languages {', '.join(languages)}")
        found.append((*pairs[name], BilingualDictionary.load(path)))
    return found
