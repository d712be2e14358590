"""Cross-entropy of the first and the last piece of an answer: XQuAD, MLQA and TyDiQA-GoldP."""

from typing import Any

import torch
import torch.nn.functional as F
from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits


@register_criterion("answer_span", dataclass=FairseqDataclass)
class AnswerSpan(FairseqCriterion):
    """Mean of the cross-entropies of both ends over ``<s>`` and the context's pieces (Devlin et al. 2019, 4.2)."""

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)
        self.head = task.head

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss of a batch in nats, the number of windows, and the sums to log."""
        logits_BT2 = model(**sample["net_input"], classification_head_name=self.head)[0].float()
        scores_B2T = logits_BT2.transpose(1, 2).masked_fill(~sample["answerable"][:, None], -torch.inf)
        target_B2 = sample["target"]
        loss = F.cross_entropy(scores_B2T.flatten(0, 1), target_B2.flatten(), reduction="sum") / 2
        sample_size = torch.tensor(len(target_B2), device=loss.device)
        log = {
            "loss": loss.detach(),
            "correct": scores_B2T.argmax(-1).eq(target_B2).all(-1).sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per end, and ``accuracy``, the share of windows with both ends right, in percent."""
        loss, correct, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "correct", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_scalar("accuracy", 100.0 * correct / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
