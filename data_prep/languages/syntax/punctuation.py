"""Punctuation put back around words in a new order.

- Marks that end the sentence end it again, final marks inside a closing quote included; marks that begin it begin it.
- A pair of brackets or quotes encloses the words it enclosed, from the first to the last of them.
- A mark at the edge of its head's subtree stays at that edge.
- Any other mark, such as a comma between two phrases, goes before the phrase it preceded; if that phrase now begins
  the sentence, after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data_prep.languages.syntax.units import Units

BRACKETS = {"(": ")", "[": "]", "{": "}", "-LRB-": "-RRB-", "-LSB-": "-RSB-", "-LCB-": "-RCB-"}
BRACKET_FORMS = frozenset(BRACKETS) | frozenset(BRACKETS.values())
CLOSING_BRACKETS = frozenset(BRACKETS.values())
_QUOTES = {"<": ">", "“": "”", "‘": "’", "«": "»", "``": "''", "„": "“", "‹": "›", "「": "」", "『": "』"}
_OPENING = BRACKETS | _QUOTES
_CLOSING = {close: opening for opening, close in _OPENING.items() if close not in _OPENING}
_STRAIGHT = frozenset({'"', "'"})
_PAIRING = _STRAIGHT | frozenset(_OPENING)
_AFTER, _BEFORE, _LAST = 0, 1, 2
"""Marks at one place: those that belong to what precedes, to what follows, to the end of the sentence."""


def pairs(forms: Sequence[str], marks: list[int]) -> list[tuple[int, int]]:
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


def with_marks(units: Units, order: list[int]) -> list[int]:
    """Return all words and marks in their new order.

    Args:
        units: the sentence.
        order: its words, without the marks set apart, in their new order; every subtree is in one piece.
    """
    marks = units.marks
    if not marks:
        return order
    size = len(units.top)
    if len(marks) == 1 and marks[0] == size - 1:
        return [*order, size - 1]
    place_of = [-1] * size
    for place, word in enumerate(order):
        place_of[word] = place
    paired = pairs(units.tree.forms, marks) if len(marks) > 1 and not _PAIRING.isdisjoint(units.tree.forms) else []
    places = _paired_places(paired, place_of, len(order))
    for first, mark in enumerate(marks):  # marks that begin the sentence
        if mark != first or (mark in places and places[mark] != (0, _AFTER)):
            break
        places[mark] = (0, _AFTER)
    _end_sentence(units, len(order), places)
    if len(places) < len(marks):
        _place_others(units, place_of, len(order), places)
        if paired:
            rank = {mark: number for number, mark in enumerate(marks)}
            for opening, close in paired:
                if close - opening <= rank[close] - rank[opening]:  # a pair without words stays together
                    places.update((mark, places[opening]) for mark in range(opening + 1, close + 1))
    result: list[int] = []
    done = 0
    for place, _, mark in sorted((*places[mark], mark) for mark in marks):
        result += order[done:place]
        result.append(mark)
        done = place
    return result + order[done:]


def _paired_places(paired: list[tuple[int, int]], place_of: list[int], words: int) -> dict[int, tuple[int, int]]:
    """Return place and kind of brackets and quotes that enclose words."""
    places: dict[int, tuple[int, int]] = {}
    for opening, close in paired:
        enclosed = [place for place in place_of[opening + 1 : close] if place >= 0]
        if not enclosed:
            continue
        if len(enclosed) == words:
            places[opening] = (0, _AFTER)
            places[close] = (words, _LAST)
        else:
            places[opening] = (min(enclosed), _BEFORE)
            places[close] = (max(enclosed) + 1, _AFTER)
    return places


def _end_sentence(units: Units, words: int, places: dict[int, tuple[int, int]]) -> None:
    """Put the marks that end the sentence last.

    A quote that ends with the sentence need not end it in the new order; then a final mark inside it still does.
    """
    final = len(units.top) - 1
    for mark in reversed(units.marks):
        if mark != final:
            break
        final -= 1
        if mark not in places or places[mark] == (words, _AFTER):
            places[mark] = (words, _LAST)
        elif places[mark][1] != _LAST and units.tree.forms[mark] in CLOSING_BRACKETS:
            break


def _place_others(units: Units, place_of: list[int], words: int, places: dict[int, tuple[int, int]]) -> None:
    """Place the marks that neither pair nor begin or end the sentence."""
    top, parent, size = units.top, units.parent, len(units.top)
    apart = set(units.marks)
    known: dict[int, tuple[int, int, int, int]] = {}

    def extent(of: int) -> tuple[int, int, int, int]:
        """Return the first and last word of a unit's subtree, and where it begins and ends in the new order."""
        if of not in known:
            subtree = units.words_below(of)
            new = list(map(place_of.__getitem__, subtree))
            known[of] = min(subtree), max(subtree), min(new), max(new) + 1
        return known[of]

    for mark, unit in zip(units.marks, units.owners, strict=True):
        if mark in places:
            continue
        first, last, start, end = extent(unit)
        follower = mark + 1
        while follower < size and follower in apart:
            follower += 1
        if follower == size or mark > last:
            places[mark] = (end, _AFTER)
            continue
        if mark > first:
            phrase = top[follower]
            while phrase != unit and parent[phrase] != unit and parent[phrase] >= 0:
                phrase = parent[phrase]
            if phrase == unit:
                own = units.members.get(unit, (unit,))
                start = place_of[own[0]]
                end = start + len(own)
            else:
                _, _, start, end = extent(phrase)
        places[mark] = (start, _BEFORE) if start else (end, _BEFORE if end < words else _AFTER)
