"""Punctuation put back around words in a new order.

- Marks that end the sentence end it again, final marks inside a closing quote included; marks that begin it begin it.
- A pair of brackets or quotes encloses the words it enclosed, from the first to the last of them.
- A mark at the edge of its head's subtree stays at that edge.
- Any other mark, such as a comma between two phrases, goes before the phrase it preceded; if that phrase now begins
  the sentence, after it.
"""

from __future__ import annotations

from typing import NamedTuple

from data_prep.languages.syntax.bracket_pairs import CLOSING_BRACKETS, pairs
from data_prep.languages.syntax.units import Units

_AFTER, _BEFORE, _LAST = 0, 1, 2
"""Marks at one place: those that belong to what precedes, to what follows, to the end of the sentence."""


class Spans(NamedTuple):
    """Where the words of a tree stand in their new order, marks not counted."""

    order: list[int]
    """The words."""
    start: list[int]
    """For every unit, where its subtree begins."""
    end: list[int]
    """For every unit, where its subtree ends (exclusive)."""
    head: list[int]
    """For every unit, where its own words begin."""


def with_marks(units: Units, spans: Spans) -> list[int]:
    """Return all words and marks in their new order."""
    marks, order = units.marks, spans.order
    if not marks:
        return order
    size, last_mark = len(units.top), marks[-1]
    if len(marks) == 1 and last_mark == size - 1:
        return [*order, last_mark]
    paired = pairs(units.tree.forms, marks) if len(marks) > 1 else []
    places = _paired_places(paired, units, spans)
    for first, mark in enumerate(marks):  # marks that begin the sentence
        if mark != first or (mark in places and places[mark] != (0, _AFTER)):
            break
        places[mark] = (0, _AFTER)
    _end_sentence(units, len(order), places)
    if len(places) < len(marks):
        _place_others(units, spans, places)
        for opening, close in paired:
            if close - opening <= marks.index(close) - marks.index(opening):  # a pair without words stays together
                places.update((mark, places[opening]) for mark in range(opening + 1, close + 1))
    result: list[int] = []
    done = 0
    for place, _, mark in sorted((*places[mark], mark) for mark in marks):
        result += order[done:place]
        result.append(mark)
        done = place
    return result + order[done:]


def _paired_places(paired: list[tuple[int, int]], units: Units, spans: Spans) -> dict[int, tuple[int, int]]:
    """Return place and kind of brackets and quotes that enclose words."""
    places: dict[int, tuple[int, int]] = {}
    if not paired:
        return places
    apart = set(units.marks)
    position = {word: place for place, word in enumerate(spans.order)}
    for opening, close in paired:
        enclosed = [position[word] for word in range(opening + 1, close) if word not in apart]
        if not enclosed:
            continue
        if len(enclosed) == len(spans.order):
            places[opening] = (0, _AFTER)
            places[close] = (len(spans.order), _LAST)
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


def _place_others(units: Units, spans: Spans, places: dict[int, tuple[int, int]]) -> None:
    """Place the marks that neither pair nor begin or end the sentence."""
    heads, top, parent = units.tree.heads, units.top, units.parent
    size = len(top)
    first, last = _extents(units)
    apart = set(units.marks)
    for mark in units.marks:
        if mark in places:
            continue
        above = heads[mark]
        while above in apart:
            above = heads[above]
        unit = units.root if above < 0 else top[above]
        follower = mark + 1
        while follower < size and follower in apart:
            follower += 1
        if follower == size or mark > last[unit]:
            place = (spans.end[unit], _AFTER)
        elif mark < first[unit]:
            place = _unless_it_begins(spans, spans.start[unit], spans.end[unit])
        else:
            phrase = top[follower]
            while phrase != unit and parent[phrase] != unit and parent[phrase] >= 0:
                phrase = parent[phrase]
            if phrase == unit:
                own = len(units.members.get(unit, (unit,)))
                place = _unless_it_begins(spans, spans.head[unit], spans.head[unit] + own)
            else:
                place = _unless_it_begins(spans, spans.start[phrase], spans.end[phrase])
        places[mark] = place


def _unless_it_begins(spans: Spans, start: int, end: int) -> tuple[int, int]:
    return (start, _BEFORE) if start else (end, _BEFORE if end < len(spans.order) else _AFTER)


def _extents(units: Units) -> tuple[list[int], list[int]]:
    """Return the first and the last word, in the old order, of the subtree of every unit."""
    first, last = list(range(len(units.top))), list(range(len(units.top)))
    if units.root < 0:
        return first, last
    downwards = [units.root]
    for unit in downwards:
        downwards.extend(units.below[unit])
    for unit in reversed(downwards):
        members = units.members.get(unit)
        low, high = (members[0], members[-1]) if members else (unit, unit)
        for dependent in units.below[unit]:
            low = min(low, first[dependent])
            high = max(high, last[dependent])
        first[unit], last[unit] = low, high
    return first, last
