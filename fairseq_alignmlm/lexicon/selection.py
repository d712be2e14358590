"""Which dictionary serves which language pair: the value of ``--dictionary``, and whether it belongs to the data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary, DictionaryIndices
from fairseq_alignmlm.lexicon.known_pieces import known_pieces

if TYPE_CHECKING:
    import numpy as np
    from fairseq.data import Dictionary

logger = logging.getLogger(__name__)


class LexiconData(Protocol):
    """What a dictionary has to fit: the languages, vocabulary and text of a task."""

    languages: Sequence[str]
    identity: Identity

    @property
    def source_dictionary(self) -> Dictionary: ...

    def token_counts(self, language: str) -> np.ndarray:
        """Return how often each symbol occurs in a language's training text ``(V,)``."""
        ...


class PairDictionary(NamedTuple):
    """A dictionary that belongs to the data: its left and right language, and its entries."""

    first: str
    second: str
    entries: DictionaryIndices


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


def dictionaries_for(value: str, data: LexiconData) -> list[PairDictionary]:
    """Read the dictionaries of ``--dictionary`` and make sure that they belong to the data.

    What a dictionary says of its vocabulary and languages is compared, and what the text can show of them, too: whether
    the pieces are known, and on which side each language's pieces stand.

    Args:
        value: as for `load_dictionaries`.
        data: the task.

    Raises:
        InputError: when a dictionary is unusable, of another vocabulary, the other way round, of other languages, or
            when no word of it occurs in the text, so that it would change nothing.
    """
    index_of = known_pieces(data.source_dictionary)
    found = []
    for first, second, dictionary in load_dictionaries(value, data.languages):
        told = require_vocabulary_and_direction(dictionary.path, data.identity, (first, second))
        entries = dictionary.to_indices(index_of)
        _require_use(dictionary.path, entries, data, (first, second), told)
        found.append(PairDictionary(first, second, entries))
    return found


def require_vocabulary_and_direction(path: Path, identity: Identity, direction: tuple[str, str]) -> bool:
    """Compare what a dictionary or counterparts say of themselves with where they are used.

    Args:
        path: the file.
        identity: that of the data or the model.
        direction: the languages of its left and right side, as it is used.

    Returns:
        Whether the file says its languages.

    Raises:
        InputError: when it is of another vocabulary or direction.
    """
    own = Identity.of_header(path)
    if own is None:
        return False
    identity.require(own, path, "the data", "make it again for these data")
    if own.languages and own.languages != direction:
        first, second = own.languages if len(own.languages) == 2 else (",".join(own.languages), "?")
        what = f"goes from {first} to {second}, and is used from {direction[0]} to {direction[1]}"
        remedy = f"give --languages {first},{second}, or name the pair: --dictionary {first}-{second}=FILE"
        raise InputError.at(path, None, what, remedy)
    return bool(own.languages)


def _require_use(path: Path, entries: DictionaryIndices, data: LexiconData, pair: tuple[str, str], told: bool) -> None:
    from fairseq_alignmlm.lexicon.direction import coverage, direction_votes

    first, second = pair
    counts = data.token_counts(first), data.token_counts(second)
    forward, backward = direction_votes(entries.source, entries.target, *counts)
    if backward > forward:
        what = f"goes from {second} to {first}: so say {backward:,} of {forward + backward:,} entries by their pieces"
        remedy = f"give --languages {second},{first},..., or name the pair: --dictionary {second}-{first}=FILE"
        raise InputError.at(path, None, what, "make it again the other way round" if told else remedy)
    if not told:
        checked = f"its direction, by the pieces of {forward:,} entries" if forward > backward else "not its direction"
        logger.warning("%s says no vocabulary and languages; checked: that its pieces are known, and %s", path, checked)
    shares = coverage(entries.source, counts[0]), coverage(entries.target, counts[1])
    if not any(shares):
        what = f"no piece of it occurs in the text of {first} or {second}, so it would change nothing"
        raise InputError.at(path, None, what, "give the dictionary of these data")
    said = ", ".join(f"{100 * share:.1f} % of the text of {name}" for share, name in zip(shares, pair, strict=True))
    logger.info("%s covers %s", path, said)
