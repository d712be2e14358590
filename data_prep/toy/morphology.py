"""English spelling of inflection and derivation, for stems that are invented."""

from __future__ import annotations

import re

SIBILANT = ("s", "x", "z", "ch", "sh")
VOWELS = "aeiou"
DOUBLING = re.compile(r"^[^aeiou]*[aeiou][bdfglmnprt]$")


def _doubles(stem: str) -> bool:
    return DOUBLING.match(stem) is not None


def _final_y(stem: str) -> bool:
    return len(stem) > 1 and stem[-1] == "y" and stem[-2] not in VOWELS


def plural(stem: str) -> str:
    """Add the -s of plural nouns and of third-person verbs: ``church`` churches, ``party`` parties."""
    if stem.endswith(SIBILANT):
        return stem + "es"
    if _final_y(stem):
        return stem[:-1] + "ies"
    return stem + "s"


def with_vowel_suffix(stem: str, suffix: str) -> str:
    """Add a suffix that begins with a vowel: ``bake`` baker, ``stop`` stopping, ``carry`` carried."""
    if stem.endswith("e") and suffix[0] in "ei":
        return stem[:-1] + suffix
    if _final_y(stem) and suffix[0] != "i":
        return stem[:-1] + "i" + suffix
    if _doubles(stem):
        return stem + stem[-1] + suffix
    return stem + suffix


def past(stem: str) -> str:
    """Add -ed."""
    return with_vowel_suffix(stem, "ed")


def gerund(stem: str) -> str:
    """Add -ing."""
    return with_vowel_suffix(stem, "ing")


def adverb(adjective: str) -> str:
    """Add -ly: ``happy`` happily, ``noble`` nobly, ``basic`` basically."""
    if _final_y(adjective):
        return adjective[:-1] + "ily"
    if adjective.endswith("le"):
        return adjective[:-1] + "y"
    return adjective + ("ally" if adjective.endswith("ic") else "ly")


def quality(adjective: str) -> str:
    """Add -ness."""
    return (adjective[:-1] + "i" if _final_y(adjective) else adjective) + "ness"


def ablaut(stem: str) -> tuple[str, str] | None:
    """Return the strong past and participle of a one-syllable stem in i (``sting`` stang, stung), or None."""
    match = re.match(r"^([^aeiou]+)i([^aeiou]+)$", stem)
    return (f"{match[1]}a{match[2]}", f"{match[1]}u{match[2]}") if match else None


def article(next_word: str) -> str:
    """Return the indefinite article that stands before ``next_word``."""
    return "an" if next_word[0].lower() in VOWELS else "a"
