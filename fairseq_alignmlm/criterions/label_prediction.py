"""Cross-entropy of labels, shared by the fine-tuning criterions."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from fairseq import metrics
from fairseq.criterions import FairseqCriterion
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits


class LabelPrediction(FairseqCriterion):
    """Mean cross-entropy over the labels of a batch; logs accuracy in percent."""

    def __init__(self, task: Any) -> None:
        super().__init__(task)
        self.head = task.head
        self.first_label = task.label_dictionary.nspecial

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss of a batch in nats, the number of labels, and the sums to log."""
        labelled = sample["target"].ne(self.padding_idx)
        logits_NC = model(**sample["net_input"], classification_head_name=self.head)[0][labelled].float()
        target_N = sample["target"][labelled] - self.first_label
        loss = F.cross_entropy(logits_NC, target_N, reduction="sum")
        sample_size = labelled.sum()
        log = {
            "loss": loss.detach(),
            "correct": logits_NC.argmax(-1).eq(target_N).sum(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        if not model.training:
            log |= self.validation_sums(logits_NC.argmax(-1), target_N, labelled)
        return loss, sample_size, log

    def validation_sums(self, predicted_N: Tensor, target_N: Tensor, labelled: Tensor) -> dict[str, Any]:
        """Return further sums to log in validation.

        Args:
            predicted_N: the predicted labels, counted from 0.
            target_N: the right ones.
            labelled: where they are in the batch: bool, ``(B,)`` or ``(B, T)``.
        """
        return {}

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per label and ``accuracy`` in percent."""
        loss, correct, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "correct", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_scalar("accuracy", 100.0 * correct / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
