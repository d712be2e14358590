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


def _names(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_UPOS = _names("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X")
_PANX_TAGS = _names("O B-PER I-PER B-LOC I-LOC B-ORG I-ORG")

# in XTREME's order: the last digit of a mean depends on the order of its sum
_PAWSX_LANGUAGES = _names("de en es fr ja ko zh")
_XNLI_LANGUAGES = _names("ar bg de el en es fr hi ru sw th tr ur vi zh")
_UDPOS_LANGUAGES = _names(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
)
_PANX_LANGUAGES = _names(
    "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk"
    " tr et fi hu"
)
_XQUAD_LANGUAGES = _names("en es de el ru tr ar vi th zh hi")
_MLQA_LANGUAGES = _names("en es de ar hi vi zh")
_TYDIQA_LANGUAGES = _names("en ar bn fi id ko ru sw te")
_BUCC_LANGUAGES = _names("de fr ru zh")
_TATOEBA_LANGUAGES = _names(
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("pawsx", "paraphrases", Kind.LABELS, _PAWSX_LANGUAGES, "classification", ("0", "1")),
        Task(
            "xnli",
            "natural language inference",
            Kind.LABELS,
            _XNLI_LANGUAGES,
            "classification",
            ("contradiction", "entailment", "neutral"),
            (("contradictory", "contradiction"),),
        ),
        Task("udpos", "POS tagging", Kind.TAGS, _UDPOS_LANGUAGES, "tagging", _UPOS),
        Task("panx", "named entities", Kind.TAGS, _PANX_LANGUAGES, "tagging", _PANX_TAGS),
        Task("xquad", "question answering", Kind.ANSWERS, _XQUAD_LANGUAGES, "qa"),
        Task("mlqa", "question answering", Kind.ANSWERS, _MLQA_LANGUAGES, "qa"),
        Task("tydiqa", "question answering", Kind.ANSWERS, _TYDIQA_LANGUAGES, "qa"),
        Task("bucc2018", "parallel sentence mining", Kind.PAIRS, _BUCC_LANGUAGES, "retrieval"),
        Task("tatoeba", "sentence retrieval", Kind.INDICES, _TATOEBA_LANGUAGES, "retrieval"),
    )
}


@dataclass(frozen=True)
class Transfer:
    """A task that transfer is measured on: its short name and how reports show it.

    Attributes:
        name: on the command line and in results.
        data: the task of `TASKS` whose data and labels it has.
        title: in reports.
        metrics: with their titles, the paper's first; the others are shown beside it.
    """

    name: str
    data: str
    title: str
    metrics: tuple[tuple[str, str], ...]

    @property
    def is_tagging(self) -> bool:
        """Whether words are labelled, rather than sentences or pairs of them."""
        return TASKS[self.data].kind is Kind.TAGS


# in the paper's order
TRANSFER: dict[str, Transfer] = {
    row.name: row
    for row in (
        Transfer("xnli", "xnli", "XNLI", (("accuracy", "accuracy"),)),
        Transfer("ner", "panx", "NER", (("span_f1_1.2.2", "F1"),)),
        Transfer("pos", "udpos", "POS", (("span_f1_1.2.2", "F1"), ("accuracy", "accuracy"))),
    )
}
NICKNAMES = {row.name: row.data for row in TRANSFER.values()} | {"nli": "xnli", "bucc": "bucc2018"}


def transfer_task(name: str) -> Transfer:
    """Return the task of a name.

    Raises:
        InputError: when there is no such task.
    """
    if name not in TRANSFER:
        raise InputError(f"unknown task '{name}'; choose of {', '.join(TRANSFER)}")
    return TRANSFER[name]


def task_named(name: str) -> Task:
    """Return the task of a name or nickname.

    Raises:
        InputError: when there is no such task.
    """
    task = TASKS.get(NICKNAMES.get(name, name))
    if task is None:
        raise InputError(f"unknown task {name!r}; choose from {', '.join(TASKS)}")
    return task
