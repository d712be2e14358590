"""The symbols that ordering models see (Wang and Eisner 2016): one per slot, in several views.

A slot is ``UPOS&label``, the head itself ``@UPOS&@``. The published models look at it as a whole (pair), as its
UPOS, and as its label (arc). Models trained here look also at the label without subtype, written ``nmod:*`` and
``NOUN&nmod:*`` so that it is told apart from the label of that name; published models have no such
features, and the two views then add nothing.
"""

from __future__ import annotations

from functools import lru_cache

BOS, EOS = "BOS", "EOS"
NOUN_CLASS = frozenset({"NOUN", "PROPN", "PRON"})
VERB_CLASS = frozenset({"VERB"})
PAIR_VIEW = 0


def slot_symbol(upos: str, label: str) -> str:
    """Return the symbol of a dependent."""
    return f"{upos}&{label}"


def head_symbol(upos: str) -> str:
    """Return the symbol of the head of a bag."""
    return f"@{upos}&@"


@lru_cache(maxsize=65536)
def views(symbol: str) -> tuple[str, str, str, str, str]:
    """Return pair, UPOS, arc, arc without subtype and pair without subtype of a symbol."""
    if symbol in (BOS, EOS):
        return (symbol, symbol, symbol, f"{symbol}:*", f"&{symbol}:*")
    upos, _, label = symbol.partition("&")
    base = label.partition(":")[0]
    return (symbol, upos, label, f"{base}:*", f"{upos}&{base}:*")
