"""Masked language modelling (section 3)."""

from typing import Any

from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits, masked_cross_entropy, selected_positions

OBJECTIVE = {"name": "mlm", "title": "MLM", "order": 1, "colour": "#d9d9d9", "marker": "o", "hatch": ""}


@register_criterion("mlm", dataclass=FairseqDataclass)
class MLM(FairseqCriterion):
    """Mean cross-entropy over the selected tokens: stock ``masked_lm``, without all of its logits at once."""

    def __init__(self, cfg: FairseqDataclass, task: Any) -> None:
        super().__init__(task)

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the summed loss in nats, the number of predicted tokens, and the sums to log."""
        loss, _ = masked_cross_entropy(model, sample, selected_positions(sample, self.padding_idx))
        sample_size = sample["target"].ne(self.padding_idx).sum()
        log = {
            "loss": loss.detach(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` in bits per predicted token."""
        loss, size = (sum(log.get(key, 0) for log in logging_outputs) for key in ("loss", "sample_size"))
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["loss"].avg))

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True
