"""Names of the files of linked sentences."""

from __future__ import annotations

STARTS, LINKS = "words", "links"


def linked_prefix(split: str, languages: tuple[str, str]) -> str:
    """Return what the files of a split begin with: ``train.en-fr``, before ``.en``, ``.en.words`` and ``.links``."""
    return f"{split}.{languages[0]}-{languages[1]}"
