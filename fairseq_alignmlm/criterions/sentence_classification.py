"""Cross-entropy of the labels of sentence pairs: XNLI and PAWS-X."""

from typing import Any

from fairseq.criterions import register_criterion
from fairseq.dataclass import FairseqDataclass

from fairseq_alignmlm.criterions.label_prediction import LabelPrediction


@register_criterion("sentence_classification", dataclass=FairseqDataclass)
class SentenceClassification(LabelPrediction):
    """One label per pair of sentences."""

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)
