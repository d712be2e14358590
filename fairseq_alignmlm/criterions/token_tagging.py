"""Cross-entropy of the tags of words, for fine-tuning."""

from typing import Any

import torch.nn.functional as F
from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits

HEAD = "xtreme_tagging"


@register_criterion("token_tagging", dataclass=FairseqDataclass)
class TokenTagging(FairseqCriterion):
    """Mean cross-entropy over the first pieces of words; logs token accuracy in percent."""

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)
        self.first_tag = task.label_dictionary.nspecial

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss of a batch in nats, the number of tagged words, and the sums to log."""
        tagged_BT = sample["target"].ne(self.padding_idx)
        logits_NC = model(**sample["net_input"], classification_head_name=HEAD)[0][tagged_BT].float()
        target_N = sample["target"][tagged_BT] - self.first_tag
        loss = F.cross_entropy(logits_NC, target_N, reduction="sum")
        sample_size = tagged_BT.sum()
        log = {
            "loss": loss.detach(),
            "correct": logits_NC.argmax(-1).eq(target_N).sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per word and ``accuracy`` in percent."""
        loss, correct, size = (
            sum(log.get(k, 0) for log in logging_outputs) for k in ("loss", "correct", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_scalar("accuracy", 100.0 * correct / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
