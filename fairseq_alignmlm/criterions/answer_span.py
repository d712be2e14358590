"""Cross-entropy of the first and the last piece of an answer: XQuAD, MLQA and TyDiQA-GoldP."""

from typing import Any

import torch
import torch.nn.functional as F
from fairseq.criterions import register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.label_prediction import LabelPrediction


@register_criterion("answer_span", dataclass=FairseqDataclass)
class AnswerSpan(LabelPrediction):
    """Mean of the cross-entropies of both ends over ``<s>`` and the context's pieces (Devlin et al. 2019, 4.2).

    ``accuracy`` is the share of windows with both ends right.
    """

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)

    def sums(self, logits: Tensor, sample: dict[str, Any]) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Return half the summed loss of both ends, the number of windows, and how many are right at both."""
        scores_B2T = logits.float().transpose(1, 2).masked_fill(~sample["answerable"][:, None], -torch.inf)
        target_B2 = sample["target"]
        loss = F.cross_entropy(scores_B2T.flatten(0, 1), target_B2.flatten(), reduction="sum") / 2
        size = torch.tensor(len(target_B2), device=loss.device)
        return loss, size, {"correct": scores_B2T.argmax(-1).eq(target_B2).all(-1).sum()}
