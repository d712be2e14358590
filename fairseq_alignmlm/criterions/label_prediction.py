"""Cross-entropy of labels, shared by the fine-tuning criterions."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from fairseq import metrics
from fairseq.criterions import FairseqCriterion
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits
from fairseq_alignmlm.criterions.task_needs import FINE_TUNING, require_task


class LabelPrediction(FairseqCriterion):
    """Mean cross-entropy over the labels of a batch; logs accuracy in percent."""

    def __init__(self, task: Any) -> None:
        require_task(self, task, FINE_TUNING)
        super().__init__(task)
        self.head = task.head

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss of a batch in nats, what it is summed over, and the sums to log."""
        logits = model(**sample["net_input"], classification_head_name=self.head)[0]
        loss, sample_size, log = self.sums(logits, sample)
        log |= {"loss": loss.detach(), "sample_size": sample_size}
        return loss, sample_size, log | {name: sample[name] for name in ("ntokens", "nsentences")}

    def sums(self, logits: Tensor, sample: dict[str, Any]) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Return the summed loss in nats, the number of labels, and what to log: how many are ``correct``.

        Args:
            logits: of the head, ``(B, C)`` or ``(B, T, C)``.
            sample: the batch.
        """
        labelled = sample["target"].ne(self.padding_idx)
        logits_NC = logits[labelled].float()
        target_N = sample["target"][labelled] - self.task.label_dictionary.nspecial
        predicted_N = logits_NC.argmax(-1)
        log = {"correct": predicted_N.eq(target_N).sum()}
        log |= self.validation_sums(predicted_N, target_N, labelled) if not self.training else {}
        return F.cross_entropy(logits_NC, target_N, reduction="sum"), labelled.sum(), log

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
        """Log ``loss`` in bits and ``accuracy`` in percent, both per label."""
        loss, correct, size = (
            sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "correct", "sample_size")
        )
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_scalar("accuracy", 100.0 * correct / size, size, round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
