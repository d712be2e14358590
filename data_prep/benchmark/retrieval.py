"""tatoeba and bucc2018: sentences of two languages, and which of them are translations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .files import Downloads, File, copied, lines_of

# the language in Tatoeba's names of files
CODES = {
    "af": "afr",
    "ar": "ara",
    "bg": "bul",
    "bn": "ben",
    "de": "deu",
    "el": "ell",
    "es": "spa",
    "et": "est",
    "eu": "eus",
    "fa": "pes",
    "fi": "fin",
    "fr": "fra",
    "he": "heb",
    "hi": "hin",
    "hu": "hun",
    "id": "ind",
    "it": "ita",
    "ja": "jpn",
    "jv": "jav",
    "ka": "kat",
    "kk": "kaz",
    "ko": "kor",
    "ml": "mal",
    "mr": "mar",
    "nl": "nld",
    "pt": "por",
    "ru": "rus",
    "sw": "swh",
    "ta": "tam",
    "te": "tel",
    "th": "tha",
    "tl": "tgl",
    "tr": "tur",
    "ur": "urd",
    "vi": "vie",
    "zh": "cmn",
}


def tatoeba(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the sentences of a language as they are, and the English ones in alphabetic order."""
    for language in languages:
        code = CODES[language]
        source, english = (downloads.one("tatoeba", f"tatoeba.{code}-eng.{side}") for side in (code, "eng"))
        yield File(f"{language}-en.{language}", [source], partial(copied, source))
        yield File(f"{language}-en.en", [english], partial(_sorted, english))
        yield File(f"test-{language}.tsv", [english], partial(_places, english), labels=True)


def _order(english: Path) -> tuple[list[str], list[int]]:
    sentences = list(lines_of(english))
    return sentences, sorted(range(len(sentences)), key=sentences.__getitem__)


def _sorted(english: Path) -> Iterator[str]:
    sentences, order = _order(english)
    return (f"{sentences[place]}\n" for place in order)


def _places(english: Path) -> Iterator[str]:
    _, order = _order(english)
    place_of = {old: new for new, old in enumerate(order)}
    return (f"{place_of[old]}\n" for old in range(len(order)))


def bucc2018(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the sentences of the shared task: its sample for development, its training data for the test."""
    for language in languages:
        for split, published in (("dev", "sample"), ("test", "training")):
            for kind in (language, "en", "gold"):
                path = downloads.one("bucc2018", f"{language}-en.{published}.{kind}")
                hidden = (split, kind) == ("test", "gold")
                name = f"test-{language}.tsv" if hidden else f"{language}-en.{split}.{kind}"
                yield File(name, [path], partial(copied, path), labels=hidden)
