"""PreAlign's first stage (Li et al. 2024): dictionary words, each alone, are aligned at all layers before pre-training.

No code of it is known here, and its numbers are not: the defaults are options, not the paper's values.
"""

import logging
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.info_nce import info_nce
from fairseq_alignmlm.criterions.masked_prediction import bits
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.criterions.workers import gather_rows, place_among_workers, with_own_rows
from fairseq_alignmlm.data.pairs import Side, join_inputs
from fairseq_alignmlm.data.word_pairs import Translations
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.selection import dictionaries_for
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

OBJECTIVE = {
    "name": "dictionary_contrast",
    "title": "Dictionary contrast",
    "order": 20,
    "colour": "#969696",
    "marker": "h",
    "hatch": "--",
    "by_name": True,
    "part": "prealign",
    "settings": {"dictionary_temperature": {"word": "temperature", "text": "temperature {}"}},
    "reads": {"dictionary": "--dictionary"},
}


@dataclass
class DictionaryContrastConfig(FairseqDataclass):
    """Settings of the contrast of words."""

    dictionary: Optional[str] = field(
        default=None, metadata={"help": "bilingual dictionary, or one per pair: en-fr=FILE,en-ar=FILE"}
    )
    dictionary_temperature: float = field(default=0.1, metadata={"help": "what cosines are divided by"})


@register_criterion("dictionary_contrast", dataclass=DictionaryContrastConfig)
class DictionaryContrast(FairseqCriterion):
    """InfoNCE of a word with its translation against the batch's other words, the mean of all layers and both ways.

    A word is encoded alone, between ``<s>`` and ``</s>``; its vector in a layer is the mean of its pieces' states, the
    layers are the embeddings and every layer's output. No word of L1 comes twice in a batch; two that share a
    translation may, and then are each other's negatives.

    Raises:
        InputError: the dictionary is missing, broken or of other data, or the temperature is out of range.
    """

    def __init__(self, cfg: DictionaryContrastConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        require_range("--dictionary-temperature", cfg.dictionary_temperature, 0, above=True)
        if not cfg.dictionary:
            raise InputError("--criterion dictionary_contrast needs --dictionary FILE")
        self.temperature = cfg.dictionary_temperature
        self.eos = task.source_dictionary.eos()
        self._compared = False
        task.use_words(dictionary_words(cfg.dictionary, task))

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss of a batch in nats, its number of pairs, and the sums to log.

        Raises:
            InputError: the loss is no finite number, or the first batch is one pair.
        """
        sides = [sample["pairs"][name] for name in ("first", "second")]
        count = len(sample["pairs"]["row"])
        # Of a worker without pairs, the words of the batch it has stand in, so that all its weights have a gradient: 0.
        joined = join_inputs(sides if count else [sample["net_input"]], self.padding_idx)
        nothing = torch.zeros(0, dtype=torch.long, device=joined["src_tokens"].device)
        zero, extra = model(
            **joined, masked_tokens=nothing, masked_targets=joined["src_tokens"], return_all_hiddens=True
        )
        zero = zero + extra["features"].sum() * 0.0
        tokens = joined["src_tokens"]
        chosen = tokens.ne(self.padding_idx) & tokens.ne(self.eos)
        chosen[:, 0] = False
        many = model.training and place_among_workers()[1] > 1
        loss, own, correct, negatives = zero, zero.detach(), zero.detach(), 0
        for states_PTH in extra["inner_states"]:
            vectors = F.normalize(_mean(states_PTH, chosen).float(), dim=1)
            first, second = vectors[:count], vectors[count : 2 * count]
            start = 0
            if many:  # each worker computes the loss of all, of which its own rows have the gradient
                (first, start), (second, _) = (_of_all(rows) for rows in (first, second))
            numbers = torch.arange(len(first), device=first.device)
            mine = slice(start, start + count)
            for query, key in ((first, second), (second, first)):
                found = info_nce(query, key, self.temperature, key, numbers)
                share = 0.5 / len(extra["inner_states"])
                loss = loss + found.loss.sum() * share
                own = own + found.loss[mine].detach().sum() * share
                correct = correct + found.correct[mine].sum() * share
                negatives = found.negatives
        if model.training and not self._compared and count and negatives == 0:
            raise InputError("--criterion dictionary_contrast: one pair has no negatives; give a larger --batch-size")
        self._compared = True
        if not torch.isfinite(own):
            raise InputError("the contrast of words is no finite number: give a smaller --lr")
        sample_size = torch.tensor(count, device=own.device)
        log = {
            "loss": own,
            "correct": correct,
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per pair, and ``accuracy``: how often a translation is the nearest, in percent."""
        loss, correct, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "correct", "sample_size")
        )
        if size > 0:
            metrics.log_scalar("loss", bits(loss, size), size, round=3)
            metrics.log_scalar("accuracy", 100.0 * correct / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def dictionary_words(value: str, task: Any) -> list[Translations]:
    """Return the words of L1 of all dictionaries, each with its translations, between ``<s>`` and ``</s>``.

    Args:
        value: of ``--dictionary``.
        task: whose vocabulary and languages they belong to.

    Raises:
        InputError: see `dictionaries_for`.
    """
    bos, eos = task.source_dictionary.bos(), task.source_dictionary.eos()
    words: dict[tuple[int, int, tuple[int, ...]], Translations] = {}
    for first, second, entries in dictionaries_for(value, task):
        numbers = task.language_number(first), task.language_number(second)
        for source, target in zip(entries.source, entries.target, strict=True):
            sides: list[Side] = [
                (number, np.array([bos, *pieces[pieces >= 0], eos]))
                for number, pieces in zip(numbers, (source, target), strict=True)
            ]
            key = (*numbers, tuple(sides[0][1].tolist()))
            words.setdefault(key, (sides[0], []))[1].append(sides[1])
    logger.info("dictionary: %s words of L1", f"{len(words):,}")
    return list(words.values())


def _mean(states_PTH: Tensor, chosen_PT: Tensor) -> Tensor:
    weights_PT1 = chosen_PT.unsqueeze(-1).to(states_PTH.dtype)
    return (states_PTH * weights_PT1).sum(1) / weights_PT1.sum(1)


def _of_all(rows: Tensor) -> tuple[Tensor, int]:
    gathered, start = gather_rows(rows)
    return with_own_rows(gathered, rows, start), start
