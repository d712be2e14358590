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
_STRUCTURE = re.compile(r"::|[()\[\]{}]")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 20  # brackets in brackets; what is deeper counts as markup
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
    first = line.find("::")
    if first < 0:
        raise MalformedLine("no '::' between word and translations")
    depth = dict.fromkeys(_OPENING.values(), 0)
    for match in _STRUCTURE.finditer(line):
        if match[0] in _OPENING:
            depth[_OPENING[match[0]]] += 1
        elif match[0] in depth:
            depth[match[0]] -= 1
        elif not any(depth.values()):
            return match.start()
    return first


def _bare(text: str) -> str:
    """Return ``text`` without annotations, whitespace made single spaces."""
    for _ in range(_DEEPEST):  # from the innermost bracket outwards
        text, found = _BRACKETS.subn(" ", text)
        if not found:
            break
    return " ".join(_TRANSLITERATION.sub(" ", text).split())


def _problem(text: str) -> str | None:
    if not text:
        return "no translation"
    if _MARKUP.search(text):
        return "markup or placeholder"
    if text.startswith("-") or text.endswith("-"):
        return "affix, letter or symbol"
    return None
