"""Which links of a sentence pair are kept (Gaschi et al. 2023, published code)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

Link = tuple[int, int]
SEVERAL, IDENTICAL = "links of a word with several links", "links of identical words"


def one_to_one(links: Iterable[Link]) -> list[Link]:
    """Return the links whose two words have no other link, in order."""
    distinct = sorted(set(links))
    first, second = (Counter(column) for column in zip(*distinct, strict=True)) if distinct else (Counter(), Counter())
    return [(i, j) for i, j in distinct if first[i] == 1 == second[j]]


def kept_links(
    links: Iterable[Link], source: Sequence[object], target: Sequence[object], dropped: Counter[str]
) -> list[Link]:
    """Return the one-to-one links of words that differ.

    Args:
        links: pairs of word numbers from 0.
        source: words of the sentence, in any form that is equal where the model sees no difference.
        target: those of its translation.
        dropped: gets the number of links that were left out, by reason.
    """
    distinct = set(links)
    single = one_to_one(distinct)
    kept = [(i, j) for i, j in single if source[i] != target[j]]
    dropped.update({SEVERAL: len(distinct) - len(single), IDENTICAL: len(single) - len(kept)})
    return kept


def make_wrong(links: Sequence[Link], share: float, draw: Callable[[], float]) -> tuple[list[Link], int]:
    """Exchange the translations of some links among each other: noise of a known amount, one-to-one as before.

    Args:
        links: one-to-one links.
        share: probability of each link to be drawn. One that is drawn alone takes part with probability 1/2, and then
            so does a neighbour; the only link of a sentence stays right.
        draw: returns uniform numbers from 0 to 1.

    Returns:
        The links, and how many of them are wrong.
    """
    if not share or len(links) < 2:
        return list(links), 0
    drawn = [number for number in range(len(links)) if draw() < share]
    if len(drawn) == 1:
        drawn = sorted({drawn[0], (drawn[0] + 1) % len(links)}) if draw() < 0.5 else []
    found = list(links)
    for number, other in zip(drawn, drawn[1:] + drawn[:1], strict=True):
        found[number] = (links[number][0], links[other][1])
    return found, len(drawn)
