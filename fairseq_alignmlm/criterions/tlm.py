"""XLM: masked language modelling on single languages and on sentence pairs (TLM; section 3, appendix G.3)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import torch
from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import (
    bits,
    masked_cross_entropy,
    require_language_ids,
    selected_positions,
)
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.data.parallel import HALVES, PACKED, ParallelSettings
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.heads import select
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

OBJECTIVE = {
    "name": "xlm",
    "title": "XLM",
    "order": 2,
    "colour": "#74b9e0",
    "marker": "s",
    "hatch": "//",
    "criterion": "tlm",
    "settings": {"tlm_ratio": {"word": "tlm", "text": "TLM ratio {}", "natural": 1.0}},
    "reads": {"parallel": "--tlm-parallel"},
    "language_ids": True,
    "instances": "sentences",
    "sentence_pairs": True,
    "in_short_blocks": {"tlm_without_pairs": True},
}

Layout = ChoiceEnum([HALVES, PACKED])


@dataclass
class TLMConfig(FairseqDataclass):
    """Settings of XLM; the defaults are the paper's."""

    tlm_ratio: float = field(
        default=0.25,
        metadata={
            "help": "sentence pairs of each language pair, relative to the sentences of the first of --languages, "
            "above 0 and up to 1 (Table 6); all where --tlm-parallel has fewer"
        },
    )
    tlm_layout: Layout = field(  # type: ignore[valid-type]
        default=HALVES,
        metadata={"help": "halves: each side padded to half of the instance (paper); packed: no padding between"},
    )
    tlm_pairs: Optional[str] = field(
        default=None, metadata={"help": "language pairs, e.g. en-fr,en-ar; default: L1 with every other language"}
    )
    tlm_parallel: Optional[str] = field(
        default=None,
        metadata={
            "help": "fairseq-preprocess folder with train.<l1>-<l2>.<language>.bin; default: line i of one language "
            "translates line i of the other"
        },
    )
    tlm_without_pairs: bool = field(
        default=False,
        metadata={"help": "train without sentence pairs for now: a first stage whose blocks are too short for them"},
    )
    without_language_ids: bool = field(
        default=False, metadata={"help": "allow a model without --language-embeddings (not what the paper does)"}
    )


@register_criterion("tlm", dataclass=TLMConfig)
class TLM(FairseqCriterion):
    """Mean cross-entropy over the predicted tokens of monolingual and parallel instances alike.

    Raises:
        InputError: when there would be no sentence pairs, the ratio is out of range, a pair names an unknown language,
            or the model has no language embeddings.
    """

    def __init__(self, cfg: TLMConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        remedy = "XLM without pairs is MLM: give --criterion mlm, or --tlm-without-pairs for a first stage"
        require_range("--tlm-ratio", cfg.tlm_ratio, 0, 1, above=True, remedy=remedy if cfg.tlm_ratio == 0 else "")
        self.without_language_ids = cfg.without_language_ids
        self.languages = len(task.languages)
        folder = Path(cfg.tlm_parallel) if cfg.tlm_parallel else None
        pairs = language_pairs(cfg.tlm_pairs, task.languages)
        if cfg.tlm_without_pairs:
            logger.warning("--tlm-without-pairs: this stage is masked language modelling on single languages")
            pairs = ()
        task.use_sentence_instances(ParallelSettings(cfg.tlm_ratio, str(cfg.tlm_layout), folder, pairs))

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss in nats, the number of predicted tokens, and the sums to log."""
        require_language_ids(sample, self.without_language_ids)
        selected = selected_positions(sample, self.padding_idx)
        loss, loss_N = masked_cross_entropy(model, sample, selected)
        sample_size = sample["target"].ne(self.padding_idx).sum()
        parallel_BT = (sample["part"] >= self.languages)[:, None].expand_as(sample["target"])
        parallel_N = select(parallel_BT, selected)
        log = {
            "loss": loss.detach(),
            "tlm_loss": (loss_N * parallel_N).sum(),
            "tlm_size": parallel_N.sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        language_N = select(sample["language_ids"], selected)
        by_language = torch.zeros(2, self.languages + 1, dtype=torch.float32, device=loss_N.device)
        by_language[0].index_add_(0, language_N, loss_N)
        by_language[1].index_add_(0, language_N, torch.ones_like(loss_N))
        for number in range(1, self.languages + 1):
            log[f"language_loss/{number}"], log[f"language_size/{number}"] = by_language[:, number]
        return loss, sample_size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss``, ``mlm_loss``, ``tlm_loss`` and ``loss_language_<number>``, all in bits per predicted token."""
        total = {key: sum(log.get(key, 0) for log in logging_outputs) for key in set().union(*logging_outputs)}
        size, parallel = total["sample_size"], total["tlm_size"]
        metrics.log_scalar("loss", bits(total["loss"], size), size, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["loss"].avg))
        if size > parallel:
            mlm = bits(total["loss"] - total["tlm_loss"], size - parallel)
            metrics.log_scalar("mlm_loss", mlm, size - parallel, round=3)
        if parallel > 0:
            metrics.log_scalar("tlm_loss", bits(total["tlm_loss"], parallel), parallel, round=3)
        number = 1
        while (count := total.get(f"language_size/{number}")) is not None:
            if count > 0:
                loss = bits(total[f"language_loss/{number}"], count)
                metrics.log_scalar(f"loss_language_{number}", loss, count, round=3)
            number += 1

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def language_pairs(listed: str | None, languages: Sequence[str], criterion: str = "tlm") -> tuple[tuple[str, str], ...]:
    """Read ``en-fr,en-ar``; names may themselves hold hyphens, so they are matched against the known languages.

    Args:
        listed: what the user gave; by default the first language with every other.
        languages: of the task.
        criterion: for messages.

    Raises:
        InputError: there are fewer than two languages, or a pair is none of them.
    """
    if len(languages) < 2:
        what = f"--criterion {criterion} needs two languages or more, there is {', '.join(languages)}"
        raise InputError(f"{what}; give --languages L1,L2, or --criterion mlm")
    if not listed:
        return tuple((languages[0], other) for other in languages[1:])
    known = {f"{first}-{second}": (first, second) for first in languages for second in languages if first != second}
    for name in listed.split(","):
        if name not in known:
            raise InputError(f"--tlm-pairs: {name!r} is no pair of the languages {', '.join(languages)}")
    return tuple(known[name] for name in listed.split(","))
