"""PreAlign's second stage (Li et al. 2024): masked language modelling on input in which words are translated.

The labels stay those of the text: a translated word is read, and never predicted.
"""

import logging
from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.dict_mlm import TranslationTable, single_token_entries
from fairseq_alignmlm.criterions.masked_prediction import bits, masked_cross_entropy, selected_positions
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

OBJECTIVE = {
    "name": "prealign",
    "title": "PreAlign",
    "order": 5,
    "colour": "#35978f",
    "marker": "X",
    "hatch": "xx",
    "by_name": True,
    "criterion": "code_switched_mlm",
    "starts_from": "dictionary_contrast",
    "settings": {"code_switch_prob": {"word": "switched", "text": "{} of the words switched"}},
    "reads": {"dictionary": "--dictionary"},
}


@dataclass
class CodeSwitchedMLMConfig(FairseqDataclass):
    """Settings of input-only code-switching."""

    dictionary: Optional[str] = field(
        default=None, metadata={"help": "bilingual dictionary, or one per pair: en-fr=FILE,en-ar=FILE"}
    )
    code_switch_prob: float = field(
        default=0.05, metadata={"help": "probability that a word with a translation is translated in the input"}
    )


@register_criterion("code_switched_mlm", dataclass=CodeSwitchedMLMConfig)
class CodeSwitchedMLM(FairseqCriterion):
    """Mean cross-entropy of the selected tokens; some of the others are translated.

    Only tokens that are words by themselves on both sides of the dictionary are. Positions to predict stay as masking
    left them. Language IDs, where a model has them, become those of the translation.

    Raises:
        InputError: a dictionary is missing, broken or of other data, or translates nothing; or the probability is out
            of range.
    """

    def __init__(self, cfg: CodeSwitchedMLMConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        remedy = "without code-switching this is MLM: give --criterion mlm" if cfg.code_switch_prob == 0 else ""
        require_range("--code-switch-prob", cfg.code_switch_prob, 0, 1, above=True, remedy=remedy)
        if not cfg.dictionary:
            raise InputError("--criterion code_switched_mlm needs --dictionary FILE")
        self.probability = cfg.code_switch_prob
        entries = single_token_entries(cfg.dictionary, task)
        self.table = TranslationTable(entries, len(task.languages), len(task.source_dictionary))
        task.use_branch_draws()

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss in nats, the number of predicted tokens, and the sums to log."""
        selected = selected_positions(sample, self.padding_idx)
        net_input, switched_BT = self.switch(sample) if model.training else (sample["net_input"], None)
        loss, _ = masked_cross_entropy(model, sample, selected, net_input)
        sample_size = sample["target"].ne(self.padding_idx).sum()
        log = {
            "loss": loss.detach(),
            "switched": torch.zeros_like(sample_size) if switched_BT is None else switched_BT.sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    def switch(self, sample: dict[str, Any]) -> tuple[dict[str, Any], Tensor]:
        """Translate words of the input.

        Args:
            sample: a masked batch with ``branch`` ``(B, T, 2)``, uniform in [0, 1).

        Returns:
            The model's input, and where a translation stands ``(B, T)``.
        """
        net_input, language_BT = sample["net_input"], sample["language_ids"]
        branch_BT, choice_BT = sample["branch"].unbind(-1)
        tokens_BT = net_input["src_tokens"]
        has_entry_BT, translation_BT, other_BT = self.table(tokens_BT, language_BT, choice_BT)
        switched_BT = has_entry_BT & sample["target"].eq(self.padding_idx) & (branch_BT < self.probability)
        net_input = net_input | {"src_tokens": torch.where(switched_BT, translation_BT, tokens_BT)}
        if "language_ids" in net_input:
            net_input["language_ids"] = torch.where(switched_BT, other_BT, language_BT)
        return net_input, switched_BT

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per predicted token and ``switched``, the share of all tokens, in percent.

        In validation nothing is switched: the loss is that of MLM.
        """
        loss, switched, tokens, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "switched", "ntokens", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["loss"].avg))
        if switched > 0:
            metrics.log_scalar("switched", 100.0 * switched / tokens, tokens, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
