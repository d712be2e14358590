"""Question answering: reading answers, and exact match and F1 as XQuAD, MLQA and TyDiQA-GoldP define them.

Answers are compared by words, in lower case, without punctuation and articles. SQuAD's rules, which XQuAD and
TyDiQA-GoldP take for every language, know ASCII punctuation and English articles only; MLQA's know all punctuation of
Unicode, the articles of each of its languages, and take every Chinese character for a word (Lewis et al. 2020).
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json

ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "ال",  # wherever it stands, also within a word: the published pattern has it so
    "hi": None,
    "zh": None,
}
_CHINESE = re.compile("([\u4e00-\u9fa5])")
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)

Rule = Callable[[str], list[str]]


def squad_words(answer: str) -> list[str]:
    """Return the words of an answer that SQuAD's rules compare, the same for every language."""
    return re.sub(r"\b(a|an|the)\b", " ", answer.lower().translate(_ASCII_PUNCTUATION)).split()


def mlqa_words(language: str) -> Rule:
    """Return the rule by which MLQA compares answers in a language.

    Raises:
        InputError: when MLQA has no rule for it.
    """
    if language not in ARTICLES:
        raise InputError(f"MLQA has no rule for language {language!r}, only for {', '.join(ARTICLES)}")
    articles = ARTICLES[language]

    def words(answer: str) -> list[str]:
        kept = "".join(character for character in answer.lower() if not _is_punctuation(character))
        kept = re.sub(articles, " ", kept) if articles else kept
        return (_CHINESE.sub(r" \1 ", kept) if language == "zh" else kept).split()

    return words


def rule_of(task: str, language: str) -> Rule:
    """Return the rule by which a task of XTREME compares answers in a language."""
    return mlqa_words(language) if task == "mlqa" else squad_words


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def exact_match(predicted: str, gold: str, rule: Rule) -> float:
    """Return 1 when the two are the same words in the same order, else 0."""
    return float(rule(predicted) == rule(gold))


def answer_f1(predicted: str, gold: str, rule: Rule) -> float:
    """Return the F1 of the two bags of words, 0 to 1; 0 when they share none, also when both are empty."""
    guess, truth = rule(predicted), rule(gold)
    common = (Counter(guess) & Counter(truth)).total()
    if not common:
        return 0.0
    precision, recall = common / len(guess), common / len(truth)
    return 2 * precision * recall / (precision + recall)


def score_answers(
    gold: Mapping[str, Sequence[str]], predicted: Mapping[str, str], rule: Rule = squad_words
) -> dict[str, float]:
    """Score answers by exact match and F1 against the best of the gold answers.

    Args:
        gold: the acceptable answers to each question, by its identifier.
        predicted: the answer to each question.
        rule: how answers become words.

    Returns:
        Percentages under ``f1``, ``exact_match`` and ``mean_of_both``, which is XTREME's score.

    Raises:
        ValueError: when there is no question, one has no gold answer, or the two are about other questions.
    """
    if not gold or not all(gold.values()):
        raise ValueError("every one of at least one question needs a gold answer")
    if gold.keys() != predicted.keys():
        raise ValueError(f"{len(gold.keys() ^ predicted.keys())} questions are not in both")
    matches = sum(max(exact_match(predicted[key], text, rule) for text in texts) for key, texts in gold.items())
    overlap = sum(max(answer_f1(predicted[key], text, rule) for text in texts) for key, texts in gold.items())
    f1, exact = 100.0 * overlap / len(gold), 100.0 * matches / len(gold)
    return {"f1": f1, "exact_match": exact, "mean_of_both": (exact + f1) / 2}


def read_gold_answers(path: str | Path) -> dict[str, list[str]]:
    """Read the acceptable answers to every question of a file in SQuAD's format, by identifier.

    Raises:
        InputError: when it is no such file, or an identifier occurs twice.
    """
    path = Path(path)
    found: dict[str, list[str]] = {}
    try:
        for article in read_json(path)["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    if question["id"] in found:
                        raise InputError.at(path, None, f"question {question['id']!r} occurs twice")
                    found[question["id"]] = [str(answer["text"]) for answer in question["answers"]]
    except (KeyError, TypeError) as error:
        what = f"is not in SQuAD's format ({type(error).__name__}: {error})"
        raise InputError.at(path, None, what, "give data -> paragraphs -> qas, each with id and answers") from None
    return found


def read_contexts(path: str | Path) -> list[tuple[str, str]]:
    """Read the identifier of every question of a file in SQuAD's format, and the text where its answer stands.

    Raises:
        InputError: when it is no such file.
    """
    try:
        return [
            (question["id"], paragraph["context"])
            for article in read_json(Path(path))["data"]
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
    except (KeyError, TypeError) as error:
        what = f"is not in SQuAD's format ({type(error).__name__}: {error})"
        raise InputError.at(path, None, what, "give data -> paragraphs -> context and qas") from None


def read_answers(path: str | Path) -> dict[str, str]:
    """Read a prediction file that has passed the check: a JSON object of answers by question.

    Raises:
        InputError: when it is no such file.
    """
    found = read_json(Path(path))
    if not isinstance(found, dict) or not all(isinstance(answer, str) for answer in found.values()):
        raise InputError.at(path, None, "is not a JSON object of texts", 'write {"question id": "answer", ...}')
    return found


def read_json(path: Path) -> Any:
    """Read JSON in UTF-8 whose objects have no name twice.

    Raises:
        InputError: when the file is missing, is not UTF-8 or not JSON, or a name occurs twice in an object.
    """
    try:
        return parse_json(path.read_bytes().decode("utf-8"), object_pairs_hook=_without_repeats)
    except FileNotFoundError:
        raise InputError.at(path, None, "there is no such file") from None
    except UnicodeDecodeError as error:
        raise InputError.at(path, None, f"not UTF-8 ({error.reason})", "convert the file") from None
    except json.JSONDecodeError as error:
        raise InputError.at(path, error.lineno, f"not JSON ({error.msg})") from None
    except ValueError as error:
        raise InputError.at(path, None, str(error)) from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"the name {repeated!r} occurs twice in one object: the scorer would see the last only")
    return found
