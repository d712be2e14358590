"""The nine tasks of XTREME: their labels, languages and kinds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fairseq_alignmlm.errors import InputError


class Kind(Enum):
    """What one line of a prediction file is."""

    LABELS = "one label per line"
    TAGS = "one tag per line, one blank line between sentences"
    INDICES = "one index per line"
    PAIRS = "two identifiers separated by a tab per line"
    ANSWERS = "a JSON object of answers by question"


@dataclass(frozen=True)
class Task:
    """One XTREME task.

    Attributes:
        name: as in XTREME's folder names.
        title: for people.
        kind: what a line of its prediction file is.
        languages: the languages XTREME averages over, in its order.
        group: what XTREME averages it with: classification, tagging, qa or retrieval.
        labels: every label that may occur; empty where labels are not from a fixed set.
        aliases: other spellings of a label in gold files, read as the label; a prediction of one is wrong.
    """

    name: str
    title: str
    kind: Kind
    languages: tuple[str, ...]
    group: str
    labels: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def suffix(self) -> str:
        """The ending of its prediction and gold files."""
        return "json" if self.kind is Kind.ANSWERS else "tsv"


_UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
# in XTREME's order: the last digit of a mean depends on the order of its sum
_PANX_LANGUAGES = (
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk"
    " tr et fi hu"
)
_UDPOS_LANGUAGES = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_TATOEBA_LANGUAGES = (
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "pawsx",
            "paraphrases",
            Kind.LABELS,
            tuple(["de", "en", "es", "fr", "ja", "ko", "zh"]),
            "classification",
            ("0", "1"),
        ),
        Task(
            "xnli",
            "natural language inference",
            Kind.LABELS,
            tuple(["ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"]),
            "classification",
            ("contradiction", "entailment", "neutral"),
            (("contradictory", "contradiction"),),
        ),
        Task("udpos", "POS tagging", Kind.TAGS, tuple(_UDPOS_LANGUAGES.split()), "tagging", tuple(_UPOS.split())),
        Task(
            "panx",
            "named entities",
            Kind.TAGS,
            tuple(_PANX_LANGUAGES.split()),
            "tagging",
            ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"),
        ),
        Task(
            "xquad",
            "question answering",
            Kind.ANSWERS,
            tuple(["en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi"]),
            "qa",
        ),
        Task("mlqa", "question answering", Kind.ANSWERS, tuple(["en", "es", "de", "ar", "hi", "vi", "zh"]), "qa"),
        Task(
            "tydiqa",
            "question answering",
            Kind.ANSWERS,
            tuple(["en", "ar", "bn", "fi", "id", "ko", "ru", "sw", "te"]),
            "qa",
        ),
        Task("bucc2018", "parallel sentence mining", Kind.PAIRS, tuple(["de", "fr", "ru", "zh"]), "retrieval"),
        Task("tatoeba", "sentence retrieval", Kind.INDICES, tuple(_TATOEBA_LANGUAGES.split()), "retrieval"),
    )
}
NICKNAMES = {"pos": "udpos", "ner": "panx", "nli": "xnli", "bucc": "bucc2018"}


def task_named(name: str) -> Task:
    """Return the task of a name or nickname.

    Raises:
        InputError: when there is no such task.
    """
    task = TASKS.get(NICKNAMES.get(name, name))
    if task is None:
        raise InputError(f"unknown task {name!r}; choose from {', '.join(TASKS)}")
    return task
