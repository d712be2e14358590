"""DICT-MLM: masked language modelling on text with dictionary translations in it (section 3, appendix G.4)."""

import logging
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import torch
from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from torch import Tensor, nn

from fairseq_alignmlm.criterions.masked_prediction import (
    bits,
    masked_cross_entropy,
    require_language_ids,
    selected_positions,
)
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.selection import dictionaries_for
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

OBJECTIVE = {
    "name": "dict_mlm",
    "title": "DICT-MLM",
    "order": 3,
    "colour": "#e08214",
    "marker": "^",
    "hatch": "..",
    "reads": {"dictionary": "--dictionary"},
    "language_ids": True,
    "instances": "sentences",
}

SUBSTITUTE, PREDICT = "substitute", "predict"
Variant = ChoiceEnum([SUBSTITUTE, PREDICT])


@dataclass
class DictMLMConfig(FairseqDataclass):
    """Settings of DICT-MLM; the defaults are the paper's."""

    dictionary: Optional[str] = field(
        default=None, metadata={"help": "bilingual dictionary, or one per pair: en-fr=FILE,en-ar=FILE"}
    )
    dict_mlm_prob: float = field(
        default=0.5, metadata={"help": "probability of the cross-lingual branch for a selected token"}
    )
    dict_mlm_variant: Variant = field(  # type: ignore[valid-type]
        default=SUBSTITUTE,
        metadata={
            "help": "substitute: the translation stands in the input, the original is predicted (paper); predict: "
            "the input is corrupted as usual, the translation is predicted (Chaudhary et al. 2020)"
        },
    )
    without_language_ids: bool = field(
        default=False, metadata={"help": "allow a model without --language-embeddings (not what the paper does)"}
    )


class TranslationTable(nn.Module):
    """Translations of single tokens, looked up on the device.

    Args:
        entries: ``(E, 4)`` int64 rows (language, token, other language, translation), languages 1..L.
        languages: number of languages L.
        vocabulary_size: number of symbols V.
    """

    first: Tensor
    count: Tensor
    translation: Tensor
    translation_language: Tensor

    def __init__(self, entries: np.ndarray, languages: int, vocabulary_size: int) -> None:
        super().__init__()
        entries = np.unique(entries, axis=0)  # sorted by (language, token), without repetitions
        keys = entries[:, 0] * vocabulary_size + entries[:, 1]
        count = np.bincount(keys, minlength=(languages + 1) * vocabulary_size)
        tables = {
            "count": count,
            "first": np.cumsum(count) - count,
            "translation": entries[:, 3],
            "translation_language": entries[:, 2],
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(table)), persistent=False)
        self.vocabulary_size = vocabulary_size

    def forward(self, tokens: Tensor, language_ids: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Draw a translation of each token, uniformly among its translations.

        Args:
            tokens: token indices, any shape.
            language_ids: their languages, 0..L, of the same shape.
            uniform: numbers in [0, 1) of the same shape.

        Returns:
            Whether there is an entry, the translation (the token itself without one) and its language.
        """
        key = language_ids * self.vocabulary_size + tokens
        count = self.count[key]
        has_entry = count > 0
        row = self.first[key] + (uniform * count).long().clamp(max=(count - 1).clamp(min=0))
        row = row.clamp(max=len(self.translation) - 1)
        translation = torch.where(has_entry, self.translation[row], tokens)
        return has_entry, translation, torch.where(has_entry, self.translation_language[row], language_ids)


@register_criterion("dict_mlm", dataclass=DictMLMConfig)
class DictMLM(FairseqCriterion):
    """Mean cross-entropy of the selected tokens, half of which go through the dictionary.

    Raises:
        InputError: when a dictionary is missing or broken, belongs to other data, translates nothing or names an
            unknown language, the probability is out of range, or the model has no language embeddings.
    """

    def __init__(self, cfg: DictMLMConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        remedy = "DICT-MLM that translates nothing is MLM: give --criterion mlm" if cfg.dict_mlm_prob == 0 else ""
        require_range("--dict-mlm-prob", cfg.dict_mlm_prob, 0, 1, above=True, remedy=remedy)
        self.probability = cfg.dict_mlm_prob
        self.substitutes = str(cfg.dict_mlm_variant) == SUBSTITUTE
        self.without_language_ids = cfg.without_language_ids
        if not cfg.dictionary:
            raise InputError("--criterion dict_mlm needs --dictionary FILE")
        entries = single_token_entries(cfg.dictionary, task)
        self.table = TranslationTable(entries, len(task.languages), len(task.source_dictionary))
        task.use_sentence_instances()
        task.use_branch_draws()

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss in nats, the number of predicted tokens, and the sums to log."""
        require_language_ids(sample, self.without_language_ids)
        net_input, target_BT, translated_BT = self.corrupt(sample)
        # What is predicted may change, where something is predicted does not.
        selected = selected_positions(sample, self.padding_idx)
        loss, _ = masked_cross_entropy(model, sample | {"target": target_BT}, selected, net_input)
        sample_size = target_BT.ne(self.padding_idx).sum()
        log = {
            "loss": loss.detach(),
            "translated": translated_BT.sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        if not model.training:  # the loss that other objectives have, on the text without translations
            log["mlm_loss"] = masked_cross_entropy(model, sample, selected)[0]
        return loss, sample_size, log

    def corrupt(self, sample: dict[str, Any]) -> tuple[dict[str, Any], Tensor, Tensor]:
        """Send selected tokens through the dictionary (appendix G.4).

        Args:
            sample: a batch that is masked 80/10/10, with ``branch`` ``(B, T, 2)``, uniform in [0, 1).

        Returns:
            The model's input, the targets ``(B, T)``, and where a translation stands ``(B, T)``.
        """
        net_input, target_BT, language_BT = sample["net_input"], sample["target"], sample["language_ids"]
        branch_BT, choice_BT = sample["branch"].unbind(-1)
        crossed_BT = target_BT.ne(self.padding_idx) & (branch_BT < self.probability)
        has_entry_BT, translation_BT, other_BT = self.table(target_BT, language_BT, choice_BT)
        translated_BT = crossed_BT & has_entry_BT
        if not self.substitutes:
            return net_input, torch.where(translated_BT, translation_BT, target_BT), translated_BT
        # A token without an entry keeps its original form: `translation` then is the token itself.
        net_input = net_input | {"src_tokens": torch.where(crossed_BT, translation_BT, net_input["src_tokens"])}
        if "language_ids" in net_input:
            net_input["language_ids"] = torch.where(translated_BT, other_BT, language_BT)
        return net_input, target_BT, translated_BT

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per predicted token and ``translated``, the share of these, in percent.

        Validation adds ``mlm_loss``, on text without translations.
        """
        loss, translated, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "translated", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["loss"].avg))
        if any("mlm_loss" in log for log in logging_outputs):
            mlm = sum(log.get("mlm_loss", 0) for log in logging_outputs)
            metrics.log_scalar("mlm_loss", bits(mlm, size), size, round=3)
        metrics.log_scalar("translated", 100.0 * translated / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def single_token_entries(value: str, task: Any) -> np.ndarray:
    """Return both directions of all dictionaries, as rows ``(E, 4)`` of `TranslationTable`.

    Args:
        value: of ``--dictionary``.
        task: whose vocabulary, languages and text they belong to.

    Raises:
        InputError: see `dictionaries_for`; or nothing would be translated.
    """
    rows: list[np.ndarray] = []
    left_out = 0
    translatable = 0
    for first, second, indices in dictionaries_for(value, task):
        single = np.logical_and(*indices.single_pieces())
        left_out += int((~single).sum())
        source, target = indices.source[single, 0], indices.target[single, 0]
        for name, pieces in ((first, source), (second, target)):
            translatable += int(task.token_counts(name)[np.unique(pieces)].sum())
        one, two = (np.full(len(source), task.language_number(name)) for name in (first, second))
        rows += [np.stack([one, source, two, target], 1), np.stack([two, target, one, source], 1)]
    entries = np.concatenate(rows)
    if len(entries) == 0:
        raise InputError(
            f"--dictionary {value}: no entry has a single piece on both sides, which translations in text need"
        )
    if not translatable:
        what = "no token of the text is in an entry of single pieces: nothing would be translated"
        raise InputError(f"--dictionary {value}: {what}; give the dictionary of these data")
    logger.info("dictionary: %s entries; %s of several pieces not used", f"{len(entries) // 2:,}", f"{left_out:,}")
    return entries
