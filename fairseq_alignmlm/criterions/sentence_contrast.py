"""Post-pretraining alignment (Pan et al. 2021): TLM and the contrast of the two sentences of a pair.

No code of it was published, and its numbers are not known here: the defaults are options, not the paper's values.
"""

import logging
from pathlib import Path
from typing import Any, Optional

import torch
import torch.nn.functional as F
from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from torch import Tensor
from torch.func import functional_call

from fairseq_alignmlm.criterions.contrast_settings import (
    BATCH,
    COSINE,
    FULL,
    MEAN,
    NOISE,
    QUEUE,
    SLOW,
    TWO_THIRDS,
    SentenceContrastConfig,
    check_settings,
    projection,
)
from fairseq_alignmlm.criterions.info_nce import Contrast, info_nce
from fairseq_alignmlm.criterions.masked_prediction import bits, selected_positions
from fairseq_alignmlm.criterions.momentum import KeyQueue, SlowWeights
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.criterions.tlm import language_pairs
from fairseq_alignmlm.criterions.workers import SumOverWorkers, gather_rows, place_among_workers, with_own_rows
from fairseq_alignmlm.data.pairs import join_inputs
from fairseq_alignmlm.data.parallel import PACKED, ParallelSettings
from fairseq_alignmlm.errors import InputError

logger = logging.getLogger(__name__)

ENCODER, HEAD = "encoder.sentence_encoder.", "projection."


@register_criterion("sentence_contrast", dataclass=SentenceContrastConfig)
class SentenceContrast(FairseqCriterion):
    """``L = L_TLM + weight * L_contrast`` on the same pairs: means over predicted tokens and over pairs.

    One draw a pair decides which sentence is the first in TLM's instance and the query of the contrast; the other
    sentence is the key. TLM and queries go through the encoder in one pass. fairseq divides the loss of an update by
    its predicted tokens, so that the contrast of a batch, of all workers together, is multiplied by these and divided
    by its pairs. An update of several micro-batches weighs the contrast of each by its tokens; the negatives that
    ``--contrast-negatives batch`` takes are those of a micro-batch, of all workers.

    Raises:
        InputError: a setting is out of range, contradicts another or would make the contrast do nothing; there is one
            language; or the data are missing.
    """

    def __init__(self, cfg: SentenceContrastConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        model = task.model_settings
        check_settings(cfg, int(model.encoder_layers))
        self.weight, self.temperature = cfg.contrast_weight, cfg.contrast_temperature
        self.with_tlm = not cfg.without_tlm
        self.in_batch = str(cfg.contrast_negatives) != QUEUE
        self.waits = str(cfg.contrast_begin) == FULL
        self.means = str(cfg.contrast_pooling) == MEAN
        self.normalises = str(cfg.contrast_similarity) == COSINE
        self.layer = cfg.contrast_layer
        if self.layer is None and str(cfg.contrast_depth) == TWO_THIRDS:
            self.layer = max(1, round(2 * int(model.encoder_layers) / 3))
        width = int(model.encoder_embed_dim)
        self.projection = projection(str(cfg.contrast_projection), width)
        self.slow = SlowWeights(cfg.contrast_momentum) if str(cfg.contrast_keys) == SLOW else None
        self.queue: Optional[KeyQueue] = None
        if str(cfg.contrast_negatives) != BATCH:
            noise = cfg.seed if str(cfg.contrast_queue_start) == NOISE else None
            self.queue = KeyQueue(cfg.contrast_queue, width, noise, self.normalises)
        self._compared = False
        folder = Path(cfg.tlm_parallel) if cfg.tlm_parallel else None
        pairs = language_pairs(cfg.tlm_pairs, task.languages, "sentence_contrast")
        task.use_pairs(ParallelSettings(None, PACKED, folder, pairs, cfg.contrast_shortest), cfg.contrast_monolingual)
        self._go_on_with(task.keep("sentence_contrast", self._state))

    def _state(self) -> dict[str, Any]:
        parts = {"slow": self.slow, "queue": self.queue}
        return {name: part.state() for name, part in parts.items() if part is not None}

    def _go_on_with(self, kept: Optional[dict[str, Any]]) -> None:
        for name, part in (("slow", self.slow), ("queue", self.queue)):
            if kept is not None and part is not None:
                if name not in kept:
                    raise InputError(f"the checkpoint keeps no {name} of the contrast; go on with the same settings")
                part.load(kept[name])

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Take the projection of a checkpoint; one of another criterion has none, and a fresh one is kept."""
        if state_dict is None:
            logger.info("the checkpoint has no projection: starting with a fresh one")
            return None
        return super().load_state_dict(state_dict, strict, assign)

    def begin_update(self, model: Any, update: int) -> None:
        """Move the slow weights, and put the keys of the update before into the queue; the task calls it."""
        if self.queue is not None:
            self.queue.end_update()
        if self.slow is not None:
            trained = {name: weight for name, weight in _bare(model).named_parameters() if name.startswith(ENCODER)}
            if self.projection is not None:
                trained |= {HEAD + name: weight for name, weight in self.projection.named_parameters()}
            self.slow.follow(trained, update)

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the loss of a batch.

        Returns:
            The loss in nats, what fairseq divides it by (predicted tokens, without TLM pairs), and the sums to log.

        Raises:
            InputError: the loss is no finite number, or the first batch has nothing to compare with.
        """
        pairs = sample["pairs"]
        count = len(pairs["row"])
        tokens = sample["target"].ne(self.padding_idx).sum()
        many = model.training and place_among_workers()[1] > 1
        totals = SumOverWorkers(torch.stack([tokens, torch.full_like(tokens, count)])) if many else None
        sides = [pairs["first"]] if self.slow is not None else [pairs["first"], pairs["second"]]
        mlm, vectors = self._encode(model, sample, sides)
        query_PH = self._finish(vectors[0], self.projection)
        key_PH = (
            self._slow_keys(model, pairs["second"])
            if self.slow is not None
            else self._finish(vectors[1], self.projection)
        )
        contrast, gradient = self._contrast(query_PH, key_PH, many)
        begun = not (self.waits and self.queue is not None and not self.queue.is_full)
        counted = contrast.negatives > 0 and begun
        own = contrast.loss.sum() if counted else query_PH.sum() * 0.0
        if not torch.isfinite(own):
            raise InputError(
                "the contrast of sentences is no finite number: give a smaller --lr, or an earlier checkpoint"
            )
        all_tokens, all_pairs = totals.get().clamp(min=1) if totals else (tokens, max(1, count))
        sample_size = tokens if self.with_tlm else torch.full_like(tokens, count)
        factor = self.weight * (all_tokens / all_pairs if self.with_tlm else 1.0)
        loss = mlm + factor * (gradient if counted else own)
        log = {
            "loss": (mlm + factor * own).detach(),
            "mlm_loss": mlm.detach(),
            "mlm_size": tokens if self.with_tlm else torch.zeros_like(tokens),
            "contrast_loss": own.detach(),
            "contrast_correct": contrast.correct.sum() * counted,
            "contrast_pairs": torch.full_like(tokens, count * counted),
            "contrast_negatives": torch.full_like(tokens, count * contrast.negatives * counted),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        return loss, sample_size, log

    def _encode(self, model: Any, sample: dict[str, Any], sides: list[dict[str, Any]]) -> tuple[Tensor, list[Tensor]]:
        """Return the summed cross-entropy of TLM, and the pooled vectors ``(P, H)`` of the sides: one forward pass."""
        text = [sample["net_input"]] if self.with_tlm or not len(sides[0]["src_tokens"]) else []
        joined = join_inputs([*text, *sides], self.padding_idx)
        selected, target = sample["target"].new_zeros(0), joined["src_tokens"]
        if self.with_tlm:
            selected, target = selected_positions(sample, self.padding_idx), sample["target"]
            if selected.dtype == torch.bool:
                selected = selected.flatten().nonzero()[:, 0]
            if target.size(1) != joined["src_tokens"].size(1):
                raise ValueError("a side is longer than its instance: flat indices would be wrong")
        # Also without TLM the loss of no token is computed, so that all weights have a gradient, which workers expect.
        mlm, extra = model(
            **joined, masked_tokens=selected, masked_targets=target, return_all_hiddens=self.layer is not None
        )
        features, first = extra["features"], len(text[0]["src_tokens"]) if text else 0
        states = features if self.layer is None else extra["inner_states"][self.layer]
        found = []
        for side in sides:
            found.append(self._pool(states[first : first + len(side["src_tokens"])], side))
            first += len(side["src_tokens"])
        return mlm, found

    def _pool(self, states_PTH: Tensor, side: dict[str, Any]) -> Tensor:
        if not len(states_PTH):
            return states_PTH.new_zeros(0, states_PTH.size(-1)) + states_PTH.sum() * 0.0
        if not self.means:
            return states_PTH[:, 0]
        present_PT1 = side["src_tokens"].ne(self.padding_idx).unsqueeze(-1)
        length = present_PT1.size(1)
        return (states_PTH[:, :length] * present_PT1).sum(1) / present_PT1.sum(1)

    def _finish(self, vectors_PH: Tensor, projection: Any) -> Tensor:
        if projection is not None:
            vectors_PH = projection(vectors_PH.to(next(self.projection.parameters()).dtype))  # type: ignore[union-attr]
        return F.normalize(vectors_PH.float(), dim=1) if self.normalises else vectors_PH.float()

    @torch.no_grad()
    def _slow_keys(self, model: Any, side: dict[str, Any]) -> Tensor:
        """Return the keys ``(P, H)`` of the slow copy, which before any training is the model itself."""
        assert self.slow is not None
        bare = _bare(model)
        if not len(side["src_tokens"]):
            return bare.word_embeddings.new_zeros(0, bare.word_embeddings.size(1), dtype=torch.float32)
        options = {"features_only": True, "return_all_hiddens": self.layer is not None}
        device = bare.word_embeddings.device
        encoder = {ENCODER + name: weight.to(device) for name, weight in self.slow.part(ENCODER).items()}
        features, extra = functional_call(bare, encoder, (), {**side, **options})
        vectors = self._pool(features if self.layer is None else extra["inner_states"][self.layer], side)
        head = {name: weight.to(device) for name, weight in self.slow.part(HEAD).items()}
        if not head or self.projection is None:
            return self._finish(vectors, self.projection)
        projected = functional_call(self.projection, head, (vectors.float(),))
        return F.normalize(projected, dim=1) if self.normalises else projected

    def _contrast(self, query_PH: Tensor, key_PH: Tensor, many: bool) -> tuple[Contrast, Tensor]:
        """Compare the queries with the keys of all workers.

        Returns:
            What this worker's queries give, and the sum whose gradient is this worker's part of the gradient.
        """
        queue = self.queue.rows.to(query_PH.device) if self.queue is not None and len(self.queue.rows) else None
        keys_NH, start = gather_rows(key_PH) if many else (key_PH, 0)
        own = slice(start, start + len(query_PH))
        if self.training and self.queue is not None:
            self.queue.add(keys_NH)
        if many and self.slow is None and self.in_batch:
            # Each worker computes the loss of all: the gradient of its keys comes from the queries of others as well.
            queries_NH, _ = gather_rows(query_PH)
            queries_NH = with_own_rows(queries_NH, query_PH, start)
            keys_NH = with_own_rows(keys_NH, key_PH, start)
            numbers = torch.arange(len(keys_NH), device=keys_NH.device)
            found = info_nce(queries_NH, keys_NH, self.temperature, keys_NH, numbers, queue)
            return Contrast(found.loss[own], found.correct[own], found.negatives), found.loss.sum()
        numbers = torch.arange(own.start, own.stop, device=query_PH.device)
        others_NH, own_P = (keys_NH, numbers) if self.in_batch else (None, None)
        contrast = info_nce(query_PH, key_PH, self.temperature, others_NH, own_P, queue)
        if self.training and self.queue is None and not self._compared and contrast.negatives == 0 and len(keys_NH):
            raise InputError(
                "--contrast-negatives batch: one pair has no negatives; give a larger --batch-size, or a queue"
            )
        self._compared = True
        return contrast, contrast.loss.sum()

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss``, ``mlm_loss`` (TLM) and ``contrast_loss`` in bits.

        ``contrast_accuracy`` is the share of queries, in percent, that are nearest to their own key, of
        ``contrast_negatives`` and one. The three are left out while the contrast has not begun, or has no negatives.
        """
        total = {key: sum(log.get(key, 0) for log in logging_outputs) for key in set().union(*logging_outputs)}
        size, predicted, pairs = total["sample_size"], total["mlm_size"], total["contrast_pairs"]
        if size > 0:
            metrics.log_scalar("loss", bits(total["loss"], size), size, round=3)
        if predicted > 0:
            metrics.log_scalar("mlm_loss", bits(total["mlm_loss"], predicted), predicted, round=3)
            metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["mlm_loss"].avg))
        if pairs > 0:
            metrics.log_scalar("contrast_loss", bits(total["contrast_loss"], pairs), pairs, round=3)
            metrics.log_scalar("contrast_accuracy", 100.0 * total["contrast_correct"] / pairs, pairs, round=2)
            metrics.log_scalar("contrast_negatives", total["contrast_negatives"] / pairs, pairs, round=0)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def _bare(model: Any) -> Any:
    """Return the model without what data-parallel training wraps around it."""
    while hasattr(model, "module"):
        model = model.module
    return model
