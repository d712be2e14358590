"""squad, xquad, mlqa and tydiqa in SQuAD's format; the answers of test files are taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.answers import read_json

from ..labelled.squad import FORMAT
from .files import Downloads, File, copied

NAMES = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}
BLANK = [{"answer_start": 0, "text": ""}]


def squad(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the English training data of xquad and mlqa."""
    for name in ("train-v1.1.json", "dev-v1.1.json"):
        path = downloads.one("squad", name)
        yield File(name, [path], partial(copied, path))


def xquad(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the test files of XQuAD."""
    for language in languages:
        path = downloads.one("xquad", f"xquad.{language}.json")
        yield File(path.name, [path], partial(_blank, path))
        yield File(f"test-{language}.json", [path], partial(copied, path), labels=True)


def mlqa(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of MLQA, contexts and questions of every two languages; tests have both in one."""
    for context in languages:
        for question in languages:
            for split in ("dev", "test"):
                path = downloads.one("mlqa", f"{split}-context-{context}-question-{question}.json")
                text = partial(_blank if split == "test" else copied, path)
                yield File(f"MLQA_V1/{split}/{path.name}", [path], text)
        path = downloads.one("mlqa", f"test-context-{context}-question-{context}.json")
        yield File(f"test-{context}.json", [path], partial(copied, path), labels=True)


def tydiqa(downloads: Downloads, languages: Sequence[str]) -> Iterator[File]:
    """Yield the files of TyDiQA-GoldP by language: training data, and its development data as the test."""
    train, dev = (downloads.one("tydiqa-goldp", f"tydiqa-goldp-v1.1-{split}.json") for split in ("train", "dev"))
    folder = "tydiqa-goldp-v1.1"
    yield File(f"{folder}-train/{train.name}", [train], partial(copied, train))
    for language in languages:
        name = NAMES[language]
        yield File(
            f"{folder}-train/tydiqa.goldp.{language}.train.json",
            [train],
            partial(_of_language, train, name, True),
        )
        yield File(f"{folder}-dev/tydiqa.goldp.{language}.dev.json", [dev], partial(_blank, dev, name))
        yield File(f"test-{language}.json", [dev], partial(_of_language, dev, name, False), labels=True)


def _questions(path: Path, name: str = "") -> Iterator[dict[str, Any]]:
    """Yield the questions of a file, each with its context; ``name`` of a language stands first in the identifier."""
    try:
        for document in read_json(path)["data"]:
            for paragraph in document["paragraphs"]:
                for question in paragraph["qas"]:
                    if not name or question["id"].partition("-")[0] == name:
                        yield {"context": paragraph["context"], **question}
    except (KeyError, TypeError, AttributeError) as error:
        what = f"is not in SQuAD's format ({type(error).__name__}: {error})"
        raise InputError.at(path, None, what, FORMAT) from None


def _dumped(path: Path, questions: Iterator[dict[str, Any]], blank: bool, short: bool = False) -> Iterator[str]:
    data = []
    for each in questions:
        identifier = each["id"].rpartition("-")[2] if short else each["id"]
        one = {"answers": BLANK if blank else each["answers"], "question": each["question"], "id": identifier}
        data.append({"paragraphs": [{"context": each["context"], "qas": [one]}]})
    if not data:
        raise InputError.at(path, None, "holds no such question", "leave the language out of --languages")
    yield json.dumps({"data": data, "version": read_json(path).get("version", "1.1")})


def _blank(path: Path, name: str = "") -> Iterator[str]:
    return _dumped(path, _questions(path, name), True)


def _of_language(path: Path, name: str, short: bool) -> Iterator[str]:
    return _dumped(path, _questions(path, name), False, short)
