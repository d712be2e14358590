"""Cross-entropy of the tags of words: POS and NER."""

from typing import Any

from fairseq.criterions import register_criterion
from fairseq.dataclass import FairseqDataclass

from fairseq_alignmlm.criterions.label_prediction import LabelPrediction


@register_criterion("token_tagging", dataclass=FairseqDataclass)
class TokenTagging(LabelPrediction):
    """One label per word, on its first piece."""

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)
