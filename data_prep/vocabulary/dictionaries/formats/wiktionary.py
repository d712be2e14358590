"""Dictionaries extracted from Wiktionary in the format of ding::

    drum {n} (hollow, cylindrical object) :: طبلة {f} /ṭabla/, ...
    larguer {vt} [colloquial] :: to ditch, dump (break up with)

Left of ``::`` a head word, its part of speech, its sense; right of it translations separated by commas or semicolons.
``{gender}``, ``(explanations)``, ``[usage]`` and ``/transliterations/`` are no part of a word.
"""

from __future__ import annotations

import re

from . import MalformedLine, ParsedLine

SUMMARY = "Wiktionary extracts: word {pos} (sense) :: translation {gender} /transliteration/, ..."

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_TRANSLITERATION = re.compile(r"(?<!\S)/[^/]*/(?=[\s,;]|$)")
_PART_OF_SPEECH = re.compile(r"\{([^{}]*)\}")
_NO_WORDS = {"letter", "symbol", "prefix", "suffix", "affix", "infix", "interfix", "circumfix"}
_MARKUP = re.compile(r"[()\[\]{}|/<>=~]|\.\.\.|…|::")


def parse(line: str) -> ParsedLine:
    """Read one head word with its translations.

    Raises:
        MalformedLine: no ``::``.
    """
    place = _separator(line)
    left, right = line[:place], line[place + 2 :]
    if "SEE:" in line:
        return ParsedLine(dropped=("cross-reference",))
    part_of_speech = match[1] if (match := _PART_OF_SPEECH.search(left)) else ""
    if part_of_speech in _NO_WORDS:
        return ParsedLine(dropped=("affix, letter or symbol",))
    word = _bare(left)
    pairs, dropped = [], []
    for item in re.split(r"[,;]", _bare(right)):
        translation = item.strip()
        if part_of_speech.startswith("v"):  # English infinitives: "to drip" translates "larmoyer"
            translation = re.sub(r"^[Tt]o (?=\S)", "", translation)
        problem = _problem(word) or _problem(translation)
        if problem:
            dropped.append(problem)
        else:
            pairs.append((word, translation))
    return ParsedLine(tuple(pairs), tuple(dropped))


def _separator(line: str) -> int:
    """Return where the ``::`` stands that is in no bracket; of brackets that do not close, the first ``::``."""
    places = [match.start() for match in re.finditer("::", line)]
    if not places:
        raise MalformedLine("no '::' between word and translations")
    outside = (
        place
        for place in places
        if all(line.count(b[0], 0, place) == line.count(b[1], 0, place) for b in ("()", "[]", "{}"))
    )
    return next(outside, places[0])


def _bare(text: str) -> str:
    """Return ``text`` without annotations, whitespace made single spaces."""
    before = None
    while before != text:  # from the innermost bracket outwards
        before, text = text, _BRACKETS.sub(" ", text)
    return " ".join(_TRANSLITERATION.sub(" ", text).split())


def _problem(text: str) -> str | None:
    if not text:
        return "no translation"
    if _MARKUP.search(text):
        return "markup or placeholder"
    if text.startswith("-") or text.endswith("-"):
        return "affix, letter or symbol"
    return None
