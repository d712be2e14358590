"""Realignment on linked sentences (Gaschi et al. 2023): the criterion of the task of that name."""

from typing import Any

from fairseq import metrics
from fairseq.criterions import FairseqCriterion, register_criterion
from torch import Tensor, nn

from fairseq_alignmlm.criterions.masked_prediction import bits
from fairseq_alignmlm.criterions.realignment_loss import SQUARED, RealignmentConfig, RealignmentLoss
from fairseq_alignmlm.criterions.starting_head import StartingHead
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.freezing import freeze_all_but


@register_criterion("realignment", dataclass=RealignmentConfig)
class Realignment(StartingHead, FairseqCriterion):
    """The mean over linked words; the head is saved with the run and dropped afterwards.

    Raises:
        InputError: see `RealignmentLoss`.
    """

    def __init__(self, cfg: RealignmentConfig, task: Any) -> None:
        super().__init__(task)
        if not hasattr(task, "initial_model"):
            raise InputError("--criterion realignment is for --task realignment; others: task_with_realignment")
        self.remember_start(task.cfg)
        initial = task.initial_model(cfg.anchor_model) if str(cfg.contrast) == SQUARED else None
        self.loss = RealignmentLoss(cfg, task.width, task.layers, initial)

    def prepare(self, model: nn.Module) -> None:
        """Freeze what realignment leaves alone."""
        freeze_all_but(model, self.loss.freeze, self.loss.layer)

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, int, dict[str, Any]]:
        """Compute the summed loss of a batch, the number of linked words, and the sums to log."""
        loss, log = self.loss(model, sample, drop=False)
        size = 2 * len(sample["links"])
        log |= {
            "loss": loss.detach(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": size,
        }
        return loss, size, log

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss``, see `log_realignment`."""
        log_realignment(logging_outputs, "loss")

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def log_realignment(logging_outputs: list[dict[str, Any]], name: str) -> None:
    """Log the mean loss over linked words, in bits, and ``nearest``, those with their translation nearest, in percent.

    Args:
        logging_outputs: of the criterion.
        name: of the loss.
    """
    loss, nearest, size = (
        sum(log.get(key, 0) for log in logging_outputs)
        for key in ("realignment_loss", "realignment_nearest", "linked_words")
    )
    if size:
        metrics.log_scalar(name, bits(loss, size), size, round=3)
        metrics.log_scalar("nearest", 100.0 * nearest / size, size, round=2)
