"""Questions in SQuAD's format: a context, and answers that are parts of it (SQuAD 1.1, XQuAD, MLQA, TyDiQA-GoldP)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.answers import read_json

FORMAT = "give data -> paragraphs -> context and qas, each with id, question and answers"


class Question(NamedTuple):
    """One question.

    Attributes:
        id: its identifier.
        text: the question.
        context: where the answer stands.
        answer: the first gold answer, None where there is none.
        start: of the first gold answer in the context, in characters from 0.
    """

    id: str
    text: str
    context: str
    answer: str | None
    start: int


def read_questions(path: Path) -> Iterator[Question]:
    """Yield the questions of a file in order; identifiers may repeat, as they do in TyDiQA's training data.

    Raises:
        InputError: it is missing, no JSON or not in SQuAD's format, or has no question.
    """
    found = False
    try:
        for article in read_json(path)["data"]:
            for paragraph in article["paragraphs"]:
                for entry in paragraph["qas"]:
                    found = True
                    answers = entry.get("answers") or [{"text": None, "answer_start": -1}]
                    first = answers[0]
                    yield Question(
                        entry["id"],
                        entry["question"],
                        paragraph["context"],
                        first["text"] or None,  # XTREME blanks the answers of its test files
                        int(first["answer_start"]),
                    )
    except (KeyError, TypeError, AttributeError) as error:
        what = f"is not in SQuAD's format ({type(error).__name__}: {error})"
        raise InputError.at(path, None, what, FORMAT) from None
    if not found:
        raise InputError.at(path, None, "holds no question", FORMAT)
