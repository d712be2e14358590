"""Fine-tuning and realignment in one update, or realignment of a fine-tuned model (Gaschi et al. 2023)."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from fairseq import utils
from fairseq.criterions import CRITERION_REGISTRY, FairseqCriterion, register_criterion
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from omegaconf import II
from torch import Tensor, nn

from fairseq_alignmlm.criterions.gradient_comparison import compare_gradients, log_gradients, parameter_groups
from fairseq_alignmlm.criterions.realignment import log_realignment
from fairseq_alignmlm.criterions.realignment_loss import SQUARED, RealignmentConfig, RealignmentLoss
from fairseq_alignmlm.criterions.starting_head import StartingHead
from fairseq_alignmlm.criterions.workers import place_among_workers
from fairseq_alignmlm.data.linked_batches import LinkedBatches
from fairseq_alignmlm.data.round_robin import ALL, FIRST
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.freezing import freeze_all_but
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

Ending = ChoiceEnum([FIRST, ALL])


@dataclass
class TaskWithRealignmentConfig(RealignmentConfig):
    """Settings of realignment during or after fine-tuning; the defaults are those of the published code."""

    links: Optional[str] = field(
        default=None, metadata={"help": "links/NAME of a pair, as data_prep links makes it; several: A:B"}
    )
    realignment_weight: float = field(default=0.1, metadata={"help": "of the realignment loss beside the task's"})
    realignment_batch: int = field(default=16, metadata={"help": "linked sentence pairs of an update"})
    ending: Ending = field(  # type: ignore[valid-type]
        default=FIRST, metadata={"help": "of an epoch of several language pairs, see --task realignment"}
    )
    alone: bool = field(
        default=False,
        metadata={"help": "realign a fine-tuned model without the task's loss; its head stays as it is"},
    )
    gradient_interval: int = field(
        default=0,
        metadata={
            "help": "every so many updates, log the norms of the two gradients and their cosine, for the embeddings, "
            "the lower and upper layers and the head (default: never)"
        },
    )
    update_freq: Any = field(default=II("optimization.update_freq"))


@register_criterion("task_with_realignment", dataclass=TaskWithRealignmentConfig)
class TaskWithRealignment(StartingHead, FairseqCriterion):
    """``L = L_task + w * L_realignment``: means over the labels and the linked words of an update.

    The task's own criterion computes its part, and all of validation. Each micro-batch of each worker brings one batch
    of linked sentences, weighted by its share of the labels; which one is a function of the number of the update.

    Raises:
        InputError: a setting is out of its range, or the linked sentences are missing or not those of the model.
    """

    def __init__(self, cfg: TaskWithRealignmentConfig, task: Any) -> None:
        super().__init__(task)
        if not hasattr(task, "criterion_name"):
            raise InputError("--criterion task_with_realignment is for fine-tuning; before it: --task realignment")
        if not cfg.links:
            raise InputError("--criterion task_with_realignment needs --links FOLDER, as alignmlm-data links makes it")
        require_range("--realignment-weight", cfg.realignment_weight, 0, above=True)
        require_range("--realignment-batch", cfg.realignment_batch, 1)
        require_range("--gradient-interval", cfg.gradient_interval, 0)
        self.remember_start(task.cfg)
        self.task_criterion: FairseqCriterion = CRITERION_REGISTRY[task.criterion_name](FairseqDataclass(), task)
        initial = task.initial_model(cfg.anchor_model) if str(cfg.contrast) == SQUARED else None
        self.realignment = RealignmentLoss(cfg, task.width, task.layers, initial)
        self.weight, self.alone, self.interval = cfg.realignment_weight, cfg.alone, cfg.gradient_interval
        folders = [Path(path) for path in utils.split_paths(cfg.links)]
        sentences = task.open_links(folders, str(cfg.ending))
        self._batches = LinkedBatches(sentences, cfg.realignment_batch, max(cfg.update_freq))
        logger.info("linked sentence pairs: %s; %s an update", f"{len(sentences):,}", cfg.realignment_batch)

    def prepare(self, model: nn.Module) -> None:
        """Freeze what realignment alone leaves as it is."""
        if self.alone:
            freeze_all_but(model, self.realignment.freeze, self.realignment.layer)

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Any, dict[str, Any]]:
        """Compute the loss of a batch; in validation, that of the task.

        Returns:
            The loss in nats times the size, the size (the labels; of realignment alone, the linked words), and the sums
            to log, those of the task's own criterion among them.
        """
        if not model.training:
            return self.task_criterion(model, sample, reduce)
        update = sample["update"]
        worker, workers = place_among_workers()
        batch = self._batches.take(update, worker, workers)
        batch = utils.move_to_cuda(batch) if sample["target"].is_cuda else batch
        # Past a data-parallel wrapper: its hooks are on the parameters, and see the gradients of both losses at once.
        summed, log = self.realignment(_inner(model), batch, drop=not self.alone)
        words = 2 * len(batch["links"])
        if self.alone:
            counts = {"ntokens": batch["ntokens"], "nsentences": batch["nsentences"], "sample_size": words}
            return summed, words, {"loss": summed.detach(), **counts, **log}
        task_loss, size, task_log = self.task_criterion(model, sample, reduce)
        mean = self.weight * summed / words
        if self.interval and update % self.interval == 0:
            log |= compare_gradients(task_loss / size, mean, parameter_groups(_inner(model)))
        return task_loss + mean * size, size, {**task_log, **log}

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log what realignment adds to the task's metrics: its loss, nearest words, and gradients."""
        log_realignment(logging_outputs, "realignment_loss")
        log_gradients(logging_outputs)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def _inner(model: nn.Module) -> nn.Module:
    """Return the model inside of data-parallel wrappers."""
    while isinstance(getattr(model, "module", None), nn.Module):
        model = model.module  # type: ignore[assignment]
    return model
