"""Brackets and quotes, and which of them belong together."""

from __future__ import annotations

BRACKETS = {"(": ")", "[": "]", "{": "}", "-LRB-": "-RRB-", "-LSB-": "-RSB-", "-LCB-": "-RCB-"}
BRACKET_FORMS = frozenset(BRACKETS) | frozenset(BRACKETS.values())
_QUOTES = {"<": ">", "“": "”", "‘": "’", "«": "»", "``": "''", "„": "“", "‹": "›", "「": "」", "『": "』"}
_OPENING = BRACKETS | _QUOTES
_CLOSING = {close: opening for opening, close in _OPENING.items() if close not in _OPENING}
CLOSING_BRACKETS = frozenset(BRACKETS.values())
_STRAIGHT = frozenset({'"', "'"})


def pairs(forms: list[str], marks: list[int]) -> list[tuple[int, int]]:
    """Return the indices of brackets and quotes that belong together, by their own kind."""
    found: list[tuple[int, int]] = []
    open_marks: dict[str, list[int]] = {}
    for mark in marks:
        form = forms[mark]
        if form in _STRAIGHT:
            waiting = open_marks.setdefault(form, [])
            if waiting:
                found.append((waiting.pop(), mark))
            else:
                waiting.append(mark)
        elif form in _OPENING:
            open_marks.setdefault(form, []).append(mark)
        elif form in _CLOSING and open_marks.get(_CLOSING[form]):
            found.append((open_marks[_CLOSING[form]].pop(), mark))
    return found
