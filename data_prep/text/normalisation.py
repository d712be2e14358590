"""Characters that every text goes through before it is cut into words."""

from __future__ import annotations

import unicodedata

SPACE_SYMBOL = "▁"  # SentencePiece's own sign for a space: a word must not hold it

_INVISIBLE = [
    *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if not chr(code).isspace()),  # control characters
    0x00AD,  # soft hyphen
    0x200B,  # zero-width space
    0x200E,  # left-to-right mark
    0x200F,  # right-to-left mark
    *range(0x202A, 0x202F),  # directional embeddings
    *range(0x2060, 0x2065),  # word joiner and invisible operators
    0xFEFF,  # byte order mark
]
_TABLE: dict[int, str | None] = dict.fromkeys(_INVISIBLE) | {ord(SPACE_SYMBOL): "_"}


def normalise(text: str) -> str:
    """Return ``text`` in NFC, without control and invisible characters, and with ``_`` for U+2581.

    Zero-width joiners stay: some scripts spell with them. NFKC would be too much: it writes some single characters
    as several words.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.translate(_TABLE)
