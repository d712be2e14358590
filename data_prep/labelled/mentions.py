"""Entity mentions under reordering, in IOB2 tags.

The words of a mention that are still side by side keep one span, whose first word is ``B-`` and the rest ``I-``; a
mention whose words are torn apart becomes several. (The published code only mends runs that end in ``B``.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"


class ReorderedTags(NamedTuple):
    """The tags of a reordered sentence.

    Attributes:
        tags: one for every word, in the new order.
        mentions: mentions before reordering.
        split: how many of them became several.
        malformed: ``I-`` tags that continued nothing and were read as the start of a mention.
    """

    tags: list[str]
    mentions: int
    split: int
    malformed: int


def reorder_mentions(tags: Sequence[str], order: Sequence[int]) -> ReorderedTags:
    """Move IOB2 tags with their words and mend the spans.

    Args:
        tags: ``O``, ``B-TYPE`` or ``I-TYPE`` of every word.
        order: for every new position, the old one.
    """
    mention_of, types, malformed = _mentions(tags)
    new: list[str] = []
    spans = [0] * len(types)
    previous: int | None = None
    for old in order:
        mention = mention_of[old]
        if mention is None:
            new.append(OUTSIDE)
        elif mention == previous:
            new.append(f"I-{types[mention]}")
        else:
            new.append(f"B-{types[mention]}")
            spans[mention] += 1
        previous = mention
    return ReorderedTags(new, len(types), sum(count > 1 for count in spans), malformed)


def complete_tags(tags: Iterable[str]) -> set[str]:
    """Return the tags with the ``B-`` and the ``I-`` of every type among them: reordering may need both."""
    tags = set(tags)
    types = {tag[2:] for tag in tags if tag[:2] in ("B-", "I-")}
    return tags | {f"{prefix}-{type_}" for type_ in types for prefix in "BI"}


def _mentions(tags: Sequence[str]) -> tuple[list[int | None], list[str], int]:
    mention_of: list[int | None] = []
    types: list[str] = []
    malformed = 0
    for tag in tags:
        if tag == OUTSIDE:
            mention_of.append(None)
            continue
        prefix, type_ = tag[:2], tag[2:]
        previous = mention_of[-1] if mention_of else None
        if prefix == "I-" and previous is not None and types[previous] == type_:
            mention_of.append(previous)
            continue
        malformed += prefix == "I-"
        types.append(type_)
        mention_of.append(len(types) - 1)
    return mention_of, types, malformed
