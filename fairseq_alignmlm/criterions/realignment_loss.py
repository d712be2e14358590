"""The realignment loss as a module: word vectors from a layer of the encoder, a head, and the contrast of words."""

from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from torch import Tensor, nn
from torch.func import functional_call

from fairseq_alignmlm.criterions.word_contrast import STRONG, WEAK, contrast_loss, cosine_loss, squared_loss
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.freezing import BACK, FRONT, NONE, frozen_layers, frozen_names
from fairseq_alignmlm.option_ranges import require_range

COSINE, SQUARED = "cosine", "mse"
Contrast = ChoiceEnum([STRONG, WEAK, COSINE, SQUARED])
Freeze = ChoiceEnum([NONE, FRONT, BACK])


@dataclass
class RealignmentConfig(FairseqDataclass):
    """Settings of realignment; the defaults are those of the published code."""

    contrast: Contrast = field(  # type: ignore[valid-type]
        default=STRONG,
        metadata={
            "help": "strong: a word has to be nearer to its translation than to every other word of the batch; weak: "
            "than to those of other languages; cosine: minus the cosine of linked words; mse: their squared "
            "distance, words of L1 anchored where they were (--anchor-model)"
        },
    )
    temperature: float = field(default=0.1, metadata={"help": "of strong and weak: cosines are divided by it"})
    head_size: int = field(default=128, metadata={"help": "of strong and weak: size of the projected vectors"})
    layer: Optional[int] = field(
        default=None,
        metadata={"help": "whose output is aligned: 0 embeddings, 1 to L (default: L - 1, as in the published code)"},
    )
    freeze: Freeze = field(  # type: ignore[valid-type]
        default=NONE,
        metadata={"help": "front, back: realignment leaves the lower or upper half of the layers alone (AlignFreeze)"},
    )
    anchor_weight: float = field(default=1.0, metadata={"help": "of mse: weight of the distance to the initial words"})
    anchor_model: Optional[str] = field(
        default=None, metadata={"help": "of mse: the initial checkpoint (default: --finetune-from-model)"}
    )


class RealignmentLoss(nn.Module):
    """The loss of a batch of linked sentences.

    Args:
        cfg: the settings.
        width: hidden size H of the encoder.
        layers: of the encoder, L.
        initial: of ``mse``, the encoder as it was.

    Raises:
        InputError: a setting is out of its range, or nothing would be trained.
    """

    def __init__(self, cfg: RealignmentConfig, width: int, layers: int, initial: nn.Module | None = None) -> None:
        super().__init__()
        require_range("--temperature", cfg.temperature, 0, above=True)
        require_range("--head-size", cfg.head_size, 1)
        require_range("--anchor-weight", cfg.anchor_weight, 0)
        self.layer = max(layers - 1, 0) if cfg.layer is None else cfg.layer
        require_range("--layer", self.layer, 0, layers)
        self.contrast, self.freeze = str(cfg.contrast), str(cfg.freeze)
        self.temperature, self.anchor_weight = cfg.temperature, cfg.anchor_weight
        if self.freeze != NONE and not set(range(self.layer)) & set(frozen_layers(self.freeze, layers)):
            raise InputError(
                f"--freeze {self.freeze}: none of these layers is below --layer {self.layer}; leave it out"
            )
        self.head: nn.Module | None = None
        if self.contrast in (STRONG, WEAK):
            self.head = nn.Sequential(
                nn.Linear(width, width, bias=False), nn.ReLU(), nn.Linear(width, cfg.head_size, bias=False)
            )
        if self.contrast == SQUARED and initial is None:
            raise InputError("--contrast mse needs --anchor-model FILE, the checkpoint before realignment")
        self._initial = [initial.requires_grad_(False)] if initial is not None else []  # not saved: in a list

    def forward(self, model: nn.Module, batch: dict[str, Any], drop: bool = True) -> tuple[Tensor, dict[str, Any]]:
        """Compute the loss.

        Args:
            model: a `MultilingualRoberta`.
            batch: see `LinkedSentences.collater`.
            drop: drop the gradient in the frozen layers; False where they take none anyway.

        Returns:
            The sum over both words of every link, in nats for strong and weak; and the sums to log.
        """
        replaced = dict(model.named_parameters()) if drop and self.freeze != NONE else {}
        detached = {name: replaced[name].detach() for name in frozen_names(model, self.freeze)} if replaced else {}
        vectors_WH = self._word_vectors(model, batch, detached)
        links = batch["links"]
        if self.head is not None:
            projected = self.head(vectors_WH.to(next(self.head.parameters()).dtype))
            loss, nearest = contrast_loss(projected, batch["word_language"], links, self.temperature, self.contrast)
        elif self.contrast == COSINE:
            loss, nearest = cosine_loss(vectors_WH, links)
        else:
            loss, nearest = squared_loss(vectors_WH, self._initial_vectors(batch), links, self.anchor_weight)
        log = {"realignment_loss": loss.detach(), "realignment_nearest": nearest, "linked_words": 2 * len(links)}
        return loss, log

    def _word_vectors(self, model: nn.Module, batch: dict[str, Any], detached: dict[str, Tensor]) -> Tensor:
        settings = {**batch["net_input"], "features_only": True, "last_layer": self.layer}
        states = functional_call(model, detached, (), settings)[0] if detached else model(**settings)[0]
        return states.flatten(0, 1).index_select(0, batch["words"])

    @torch.no_grad()
    def _initial_vectors(self, batch: dict[str, Any]) -> Tensor:
        (initial,) = self._initial
        return self._word_vectors(initial.to(batch["words"].device).eval(), batch, {})
