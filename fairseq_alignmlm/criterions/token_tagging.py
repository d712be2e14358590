"""Cross-entropy of the tags of words: POS and NER."""

from typing import Any

from fairseq import metrics
from fairseq.criterions import register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.label_prediction import LabelPrediction
from fairseq_alignmlm.evaluation.span_f1 import spans

SPANS = ("spans_right", "spans_predicted", "spans_gold")


@register_criterion("token_tagging", dataclass=FairseqDataclass)
class TokenTagging(LabelPrediction):
    """One label per word, on its first piece; validation also logs span ``f1``, by which XTREME selects a model."""

    rule = "seqeval-0.0.12"  # that of XTREME's scripts

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)
        self.labels = task.labels

    def validation_sums(self, predicted_N: Tensor, target_N: Tensor, labelled: Tensor) -> dict[str, Any]:
        """Count the spans of a batch; sentences that were split count as several."""
        words = labelled.sum(dim=1).tolist()
        found = spans(self._tags(predicted_N, words), self.rule)
        gold = spans(self._tags(target_N, words), self.rule)
        return dict(zip(SPANS, (len(found & gold), len(found), len(gold)), strict=True))

    def _tags(self, labels_N: Tensor, words: list[int]) -> list[list[str]]:
        return [[self.labels[label] for label in row.tolist()] for row in labels_N.split(words)]

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per label, ``accuracy`` and, in validation, micro span ``f1`` in percent."""
        LabelPrediction.reduce_metrics(logging_outputs)
        if any(SPANS[0] in log for log in logging_outputs):
            for name in SPANS:
                metrics.log_scalar_sum(f"_{name}", sum(log.get(name, 0) for log in logging_outputs))
            metrics.log_derived("f1", _f1)


def _f1(meters: Any) -> float:
    right, predicted, gold = (float(meters[f"_{name}"].sum) for name in SPANS)
    return round(200.0 * right / (predicted + gold), 2) if predicted + gold else 0.0
