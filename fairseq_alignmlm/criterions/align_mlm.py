"""ALIGN-MLM: masked language modelling plus the alignment of dictionary words (section 3)."""

import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from fairseq import metrics, utils
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.dataclass import FairseqDataclass
from torch import Tensor

from fairseq_alignmlm.criterions.masked_prediction import bits, masked_cross_entropy, selected_positions
from fairseq_alignmlm.criterions.task_needs import PRETRAINING, require_task
from fairseq_alignmlm.criterions.workers import SumOverWorkers, place_among_workers
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.alignment import alignment_scores
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.dictionary import DictionaryIndices
from fairseq_alignmlm.lexicon.known_pieces import known_pieces
from fairseq_alignmlm.lexicon.selection import dictionaries_for, require_direction
from fairseq_alignmlm.option_ranges import require_range

logger = logging.getLogger(__name__)

OBJECTIVE = {
    "name": "align_mlm",
    "title": "ALIGN-MLM",
    "order": 4,
    "colour": "#7f1d3f",
    "marker": "D",
    "hatch": "",
    "settings": {"align_alpha": {"word": "alpha", "text": "alpha {}"}},
    "reads": {"dictionary": "--dictionary", "counterparts": "--counterparts"},
}


@dataclass
class AlignMLMConfig(FairseqDataclass):
    """Settings of ALIGN-MLM; the defaults are the paper's."""

    dictionary: Optional[str] = field(
        default=None,
        metadata={
            "help": "bilingual dictionary (L1 pieces, TAB, L2 pieces on every line), or one per pair: "
            "en-fr=FILE,en-ar=FILE"
        },
    )
    align_alpha: float = field(default=10.0, metadata={"help": "weight alpha of the alignment loss (section 3)"})
    counterparts: Optional[str] = field(
        default=None,
        metadata={
            "help": "counterparts.tsv of a derived language, the second of --languages: validation then logs the "
            "alignment score"
        },
    )


def mean_vectors(embeddings: Tensor, index_NK: Tensor) -> Tensor:
    """Average the embeddings of each entry's pieces.

    Args:
        embeddings: word embeddings ``(V, H)``.
        index_NK: piece indices ``(N, K)``, -1 where an entry has fewer than K.

    Returns:
        ``(N, H)``.
    """
    if index_NK.size(1) == 1:
        return F.embedding(index_NK[:, 0], embeddings)
    present_NK1 = index_NK.ge(0).unsqueeze(-1).to(embeddings.dtype)
    vectors_NKH = F.embedding(index_NK.clamp(min=0), embeddings) * present_NK1
    return vectors_NKH.sum(1) / present_NK1.sum(1)


def alignment_loss(
    embeddings: Tensor, source_NK: Tensor, target_NK: Tensor, weight_N: Tensor, total: Optional[Tensor] = None
) -> Tensor:
    """Compute L_ALIGN, minus the mean cosine between the two sides of the dictionary (section 3).

    Args:
        embeddings: input word embeddings E ``(V, H)``.
        source_NK: L1 piece indices ``(N, K)``, -1 for none.
        target_NK: L2 piece indices ``(N, K')``, -1 for none.
        weight_N: weights ``(N,)``; several translations of one word share the weight of one entry.
        total: the weight of the whole dictionary, of which the entries may be a part; by default their own.

    Returns:
        A scalar between -1 (all aligned) and 1, float32: the loss, or what these entries add to it.
    """
    # One gather, because the gradient of each is as large as the embeddings.
    width = max(source_NK.size(1), target_NK.size(1))
    both = [F.pad(side, (0, width - side.size(1)), value=-1) for side in (source_NK, target_NK)]
    first_NH, second_NH = mean_vectors(embeddings, torch.cat(both)).float().chunk(2)
    return -(F.cosine_similarity(first_NH, second_NH) * weight_N).sum() / (weight_N.sum() if total is None else total)


@register_criterion("align_mlm", dataclass=AlignMLMConfig)
class AlignMLM(FairseqCriterion):
    """``L = L_MLM + alpha * L_ALIGN``, the sum over the whole dictionary at every update.

    fairseq divides the loss of an update by its total ``sample_size``. The alignment loss is therefore multiplied
    by the sample size of its batch, so that exactly ``mean MLM + alpha * L_ALIGN`` is optimised for any number of
    micro-batches and workers. In training each of several data-parallel workers has a part of the dictionary, which it
    multiplies by the sample size of all their batches.

    Raises:
        InputError: when alpha is not a number above 0, the dictionary is missing or broken, or it or the counterparts
            belong to another vocabulary or other languages.
    """

    source: Tensor
    target: Tensor
    shared_by: Tensor

    def __init__(self, cfg: AlignMLMConfig, task: Any) -> None:
        require_task(self, task, PRETRAINING)
        super().__init__(task)
        require_range("--align-alpha", cfg.align_alpha, 0, above=True)
        self.alpha = cfg.align_alpha
        if not cfg.dictionary:
            raise InputError("--criterion align_mlm needs --dictionary FILE")
        found = [pair.entries for pair in dictionaries_for(cfg.dictionary, task)]
        self.register_buffer("source", _join([each.source for each in found]), persistent=False)
        self.register_buffer("target", _join([each.target for each in found]), persistent=False)
        weight = np.concatenate([each.weight for each in found])
        # Whole numbers, which stay exact when fairseq converts the criterion to 16 bits.
        self.register_buffer("shared_by", torch.from_numpy(np.rint(1.0 / weight)).long(), persistent=False)
        self.counterparts = _read_counterparts(cfg.counterparts, task, found) if cfg.counterparts else None
        self._remarked = False
        self.counts = torch.tensor(task.source_dictionary.count)
        self._scores: dict[str, float] | None = None

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, Tensor, dict[str, Any]]:
        """Compute the loss of a batch.

        Returns:
            ``mlm_sum + alpha * L_ALIGN * sample_size`` in nats (of several workers, all together), the number of
            predicted tokens, and the sums to log.
        """
        if not self._remarked and "language_ids" in sample["net_input"]:
            logger.warning("ALIGN-MLM with language embeddings: the paper trains it without (G.5)")
        self._remarked = True
        sample_size = sample["target"].ne(self.padding_idx).sum()
        worker, workers = place_among_workers() if model.training else (0, 1)
        size_of_all = SumOverWorkers(sample_size) if workers > 1 else None
        mlm, _ = masked_cross_entropy(model, sample, selected_positions(sample, self.padding_idx))
        embeddings = model.encoder.sentence_encoder.embed_tokens.weight
        weight = 1.0 / self.shared_by
        own = slice(worker, None, workers)
        factor = size_of_all.get() if size_of_all else sample_size
        align = alignment_loss(embeddings, self.source[own], self.target[own], weight[own], weight.sum()) * factor
        loss = mlm + self.alpha * align
        log = {
            "loss": loss.detach(),
            "mlm_loss": mlm.detach(),
            "align_loss": align.detach(),
            "align_share": weight[own].sum() / weight.sum() * factor,
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
        }
        if model.training:
            self._scores = None
        elif self.counterparts is not None:
            if self._scores is None:  # once per validation, not per batch
                self._scores = self._measure(model.encoder.sentence_encoder)
            log |= {f"alignment/{name}": score * sample["nsentences"] for name, score in self._scores.items()}
        return loss, sample_size, log

    def _measure(self, encoder: Any) -> dict[str, float]:
        assert self.counterparts is not None
        words = encoder.embed_tokens.weight.detach().float()
        source, target, in_dictionary = (part.to(words.device) for part in self.counterparts)
        languages = getattr(encoder, "embed_languages", None)  # stock RoBERTa has none
        vectors = None
        if languages is not None:
            vectors = languages.weight[1].detach().float(), languages.weight[2].detach().float()
        scores = alignment_scores(words, source, target, in_dictionary, self.counts[source.cpu()], vectors)
        return {name: score for name, score in asdict(scores).items() if score is not None}

    @staticmethod
    def reduce_metrics(logging_outputs: list[dict[str, Any]]) -> None:
        """Log ``loss`` and ``mlm_loss`` in bits, ``align_loss``, ``cosine`` and the alignment scores in percent."""
        total = {key: sum(log.get(key, 0) for log in logging_outputs) for key in set().union(*logging_outputs)}
        size = total["sample_size"]
        # At the end of an epoch, fairseq leaves out what workers without a batch log: the others' entries stay.
        share = total["align_share"] / size
        align = total["align_loss"] / share
        loss = total["mlm_loss"] + (total["loss"] - total["mlm_loss"]) / share
        metrics.log_scalar("loss", bits(loss, size), size, round=3)
        metrics.log_scalar("mlm_loss", bits(total["mlm_loss"], size), size, round=3)
        metrics.log_derived("ppl", lambda meters: utils.get_perplexity(meters["mlm_loss"].avg))
        metrics.log_scalar("align_loss", align / size, size, round=4)
        metrics.log_scalar("cosine", -align / size, size, round=4)
        for key in sorted(total):
            if key.startswith("alignment/"):
                name = key.replace("/", "_")
                metrics.log_scalar(name, total[key] / total["nsentences"], total["nsentences"], round=2)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        """Sums, so that workers reduce them in one go."""
        return True


def _read_counterparts(path: str, task: Any, dictionaries: list[DictionaryIndices]) -> tuple[Tensor, Tensor, Tensor]:
    """Return tokens and counterparts ``(N,)``, and which tokens are an entry by themselves, bool ``(N,)``."""
    index_of = known_pieces(task.source_dictionary)
    pairs = [(index_of(first), index_of(second)) for first, second in read_counterparts(path)]
    known = np.array([pair for pair in pairs if None not in pair], dtype=np.int64).reshape(-1, 2)
    if len(known) == 0:
        raise InputError.at(path, None, "no token of it is in dict.txt", "give the files of one language pair")
    if len(known) < len(pairs):
        logger.warning("%s: %d of %d tokens are not in dict.txt", path, len(pairs) - len(known), len(pairs))
    require_direction(Path(path), known[:, :1], known[:, 1:], task, (task.languages[0], task.languages[1]))
    entries = np.concatenate([each.source[each.single_pieces()[0], 0] for each in dictionaries])
    source, target = torch.from_numpy(known).t().contiguous()
    return source, target, torch.from_numpy(np.isin(known[:, 0], entries))


def _join(indices: list[np.ndarray]) -> Tensor:
    """Stack piece indices ``(N_i, K_i)`` of several dictionaries, padded with -1 to the same width."""
    width = max(each.shape[1] for each in indices)
    padded = [np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=-1) for each in indices]
    return torch.from_numpy(np.concatenate(padded))
