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
            when it would change nothing: no word of it occurs in the text, or both sides are the same.
    """
    index_of = known_pieces(data.source_dictionary)
    found = []
    for first, second, dictionary in load_dictionaries(value, data.languages):
        entries = dictionary.to_indices(index_of)
        require_direction(dictionary.path, entries.source, entries.target, data, (first, second))
        _require_use(dictionary.path, entries, data, (first, second))
        found.append(PairDictionary(first, second, entries))
    return found


def require_direction(
    path: Path, source_NK: np.ndarray, target_NK: np.ndarray, data: LexiconData, pair: tuple[str, str]
) -> None:
    """Compare a dictionary or counterparts with where they are used, and say what could not be compared.

    Args:
        path: the file.
        source_NK: the pieces on the left side of every entry ``(N, K)``, -1 for none.
        target_NK: those on the right side ``(N, K')``.
        data: the task.
        pair: the languages of its left and right side, as it is used.

    Raises:
        InputError: when it is of another vocabulary or direction: as it says, or as its pieces in the texts say.
    """
    from fairseq_alignmlm.lexicon.direction import direction_votes

    first, second = pair
    own = Identity.of_header(path) or Identity()
    data.identity.require(own, path, "the data", "make it again for these data")
    if own.languages and own.languages != pair:
        what = f"goes from {' to '.join(own.languages)}, and is used from {first} to {second}"
        raise InputError.at(path, None, what, _other_order(own.languages))
    forward, backward = direction_votes(source_NK, target_NK, data.token_counts(first), data.token_counts(second))
    if backward > forward:
        what = f"goes from {second} to {first}: so say {backward:,} of {forward + backward:,} entries by their pieces"
        remedy = "make it again the other way round" if own.languages else _other_order((second, first))
        raise InputError.at(path, None, what, remedy)
    if not own.languages:
        checked = f"its direction, by the pieces of {forward:,} entries" if forward > backward else "not its direction"
        logger.warning("%s says no vocabulary and languages; checked: that its pieces are known, and %s", path, checked)


def _other_order(languages: tuple[str, ...]) -> str:
    pair = "-".join(languages)
    return f"give --languages {','.join(languages)}; for a dictionary, --dictionary {pair}=FILE names the pair, too"


def _require_use(path: Path, entries: DictionaryIndices, data: LexiconData, pair: tuple[str, str]) -> None:
    """Refuse a dictionary that would change nothing, and log how much of the texts it covers."""
    import numpy as np

    from fairseq_alignmlm.lexicon.direction import coverage

    if np.array_equal(entries.source, entries.target):
        what = "every entry has the same pieces on both sides, so it would change nothing"
        raise InputError.at(path, None, what, "give a dictionary between two languages")
    sides = zip((entries.source, entries.target), pair, strict=True)
    shares = {language: coverage(pieces, data.token_counts(language)) for pieces, language in sides}
    if not any(shares.values()):
        what = f"no piece of it occurs in the text of {' or '.join(pair)}, so it would change nothing"
        raise InputError.at(path, None, what, "give the dictionary of these data")
    said = ", ".join(f"{100 * share:.1f} % of the text of {language}" for language, share in shares.items())
    logger.info("%s covers %s", path, said)
