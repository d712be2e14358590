"""What ties checkpoints, dictionaries and data together: one vocabulary, one order of the languages.

Equal sizes and equal names say nothing: two vocabularies of 2,000 pieces fit the same model and mean different words.
So an `Identity` is stored with everything that is made from a vocabulary, and compared wherever two such things meet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.vocabulary import read_symbols
from fairseq_alignmlm.storage import parse_json, sha256_of, write_json

FILE_NAME = "identity.json"  # beside dict.txt, or in a folder of binarized data
HEADER = "identity: "  # of a comment line in dictionaries and counterparts
DIGITS = 16

TITLES = {
    "symbols": "vocabulary",
    "counts": "dict.txt",
    "sentencepiece": "SentencePiece model",
    "languages": "languages",
    "transformation": "transformation",
    "language": "language",
}


@dataclass(frozen=True)
class Identity:
    """What something was made from; what is empty is not known.

    Attributes:
        symbols: hash of the symbols of dict.txt in their order: what decides which row of the embeddings is whose.
        counts: hash of dict.txt itself, which also holds how often each symbol occurs: the text.
        sentencepiece: hash of the SentencePiece model.
        languages: the languages in order, L1 first.
        transformation: how the derived language is made of L1, such as ``inv``; ``none`` for words in their order.
        language: the one language that these data are in, for binarized and labelled data.
    """

    symbols: str = ""
    counts: str = ""
    sentencepiece: str = ""
    languages: tuple[str, ...] = ()
    transformation: str = ""
    language: str = ""

    @classmethod
    def of_dict(cls, path: str | Path) -> Identity:
        """Return the identity of a vocabulary: that of ``dict.txt`` itself, and what the file beside it adds.

        Raises:
            InputError: dict.txt is missing or broken, or is not the one that the file beside it was written for.
        """
        path = Path(path)
        own = cls(symbols=hash_symbols(read_symbols(path)), counts=hash_file(path))
        beside = path.with_name(FILE_NAME)
        if not beside.is_file():
            return own
        told = cls.read(beside)
        what = own.difference(told, ("symbols", "counts"))
        if what:
            raise InputError.at(path, None, f"is not the dict.txt that {beside.name} names", "binarize the data again")
        return replace(told, **{name: getattr(own, name) for name in ("symbols", "counts")})

    @classmethod
    def read(cls, path: str | Path) -> Identity:
        """Read what :meth:`write` wrote.

        Raises:
            InputError: the file is missing or broken.
        """
        path = Path(path)
        if path.is_file():
            verify(path)
        try:
            return cls.of_json(parse_json(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise InputError.at(path, None, "no such file", "make the data again") from None
        except (OSError, ValueError) as error:
            raise InputError.at(path, None, f"no identity ({error})", "make the data again") from None

    @classmethod
    def of_header(cls, path: str | Path) -> Identity | None:
        """Return the identity in the comments at the top of a dictionary or counterparts; None without one.

        Raises:
            InputError: the file is missing, or the comment is broken.
        """
        try:
            with open(path, encoding="utf-8", errors="replace") as handle:
                comments = list(takewhile(lambda line: line.startswith("#") and "\t" not in line, handle))
        except (FileNotFoundError, IsADirectoryError):
            raise InputError.at(path, None, "no such file", "check the path") from None
        for number, line in enumerate(comments, 1):
            text = line.removeprefix("#").strip()
            if text.startswith(HEADER.strip()):
                try:
                    return cls.of_json(parse_json(text.removeprefix(HEADER.strip())))
                except ValueError as error:
                    raise InputError.at(path, number, f"no identity ({error})", "make the file again") from None
        return None

    @classmethod
    def of_json(cls, value: Any) -> Identity:
        """Build an identity from what :meth:`as_json` returns; names that this version does not know are ignored.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(value, Mapping):
            raise ValueError("not a JSON object")
        known = {field.name: value[field.name] for field in fields(cls) if field.name in value}
        for name, content in known.items():
            parts = content if name == "languages" and isinstance(content, (list, tuple)) else [content]
            if not all(isinstance(part, str) for part in parts) or (name == "languages" and parts is not content):
                raise ValueError(f"{name} is {content!r}")
        if "languages" in known:
            known["languages"] = tuple(known["languages"])
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        """Return what is known, as JSON has it."""
        return {name: list(value) if name == "languages" else value for name, value in asdict(self).items() if value}

    def write(self, path: str | Path) -> None:
        """Write the identity, atomically."""
        write_json(path, self.as_json())

    def comment(self) -> str:
        """Return the line that dictionaries and counterparts hold, without ``#``."""
        return HEADER + json.dumps(self.as_json(), ensure_ascii=False)

    def with_known(self, other: Identity) -> Identity:
        """Return this identity, and where it does not know something, what the other knows."""
        return Identity(
            **{field.name: getattr(self, field.name) or getattr(other, field.name) for field in fields(self)}
        )

    def difference(self, other: Identity, names: Sequence[str] = ("symbols",)) -> str:
        """Return the first of ``names`` in which both are known and differ; nothing where none is."""
        for name in names:
            first, second = getattr(self, name), getattr(other, name)
            if first and second and first != second:
                return name
        return ""

    def require(
        self, other: Identity, path: str | Path, whose: str, remedy: str, names: Sequence[str] = ("symbols",)
    ) -> tuple[str, ...]:
        """Refuse a file that belongs elsewhere.

        Args:
            other: the identity of the file.
            path: the file, for the message.
            whose: what this identity is of, for the message.
            remedy: what to do about it.
            names: the attributes to compare.

        Returns:
            The names of those that could not be compared, because one of the two is not known.

        Raises:
            InputError: one of them differs.
        """
        name = self.difference(other, names)
        if name:
            first, second = (_shown(getattr(each, name)) for each in (other, self))
            what = f"is of another {TITLES[name]} ({first}) than {whose} ({second})"
            raise InputError.at(path, None, what.replace("another languages", "other languages"), remedy)
        return tuple(name for name in names if not (getattr(self, name) and getattr(other, name)))


def hash_symbols(symbols: Iterable[str]) -> str:
    """Return the hash of symbols in their order, special ones not among them."""
    return hashlib.sha256("\n".join(symbols).encode()).hexdigest()[:DIGITS]


def hash_file(path: str | Path) -> str:
    """Return the hash of a file's content.

    Raises:
        InputError: there is no such file.
    """
    try:
        return sha256_of(path)[:DIGITS]
    except (FileNotFoundError, IsADirectoryError):
        raise InputError.at(path, None, "no such file", "check the path") from None


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)
