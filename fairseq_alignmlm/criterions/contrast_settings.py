"""Settings of the contrast of sentences."""

from dataclasses import dataclass, field
from typing import Optional

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from omegaconf import II
from torch import nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

QUEUE, BATCH, BOTH = "queue", "batch", "both"
EMPTY, NOISE = "empty", "noise"
NOW, FULL = "now", "full"
SLOW, TRAINED = "slow", "trained"
FIRST, MEAN = "first", "mean"
NONE, LINEAR, MLP = "none", "linear", "mlp"
COSINE, DOT = "cosine", "dot"
LAST, TWO_THIRDS = "last", "two_thirds"
Negatives, Filling, Beginning = ChoiceEnum([QUEUE, BATCH, BOTH]), ChoiceEnum([EMPTY, NOISE]), ChoiceEnum([NOW, FULL])
Keys, Pooling, Similarity = ChoiceEnum([SLOW, TRAINED]), ChoiceEnum([FIRST, MEAN]), ChoiceEnum([COSINE, DOT])
Projection, Depth = ChoiceEnum([NONE, LINEAR, MLP]), ChoiceEnum([LAST, TWO_THIRDS])


OBJECTIVE = {
    "name": "ppa_moco",
    "title": "PPA (MoCo)",
    "order": 6,
    "colour": "#4d9a5b",
    "marker": "v",
    "hatch": "\\\\",
    "by_name": True,
    "criterion": "sentence_contrast",
    "part": "posttrain",
    "starts_from": "mlm",
    "instances": "lines",
    "settings": {
        "contrast_temperature": {"word": "temperature", "text": "temperature {}"},
        "contrast_momentum": {"word": "momentum", "text": "momentum {}"},
    },
    "reads": {"parallel": "--tlm-parallel"},
}


@dataclass
class SentenceContrastConfig(FairseqDataclass):
    """Settings of the contrast of sentences."""

    tlm_pairs: Optional[str] = field(
        default=None, metadata={"help": "language pairs, e.g. en-fr,en-ar; default: L1 with every other language"}
    )
    tlm_parallel: Optional[str] = field(
        default=None,
        metadata={
            "help": "fairseq-preprocess folder with train.<l1>-<l2>.<language>.bin; default: line i of one language "
            "translates line i of the other"
        },
    )
    without_tlm: bool = field(default=False, metadata={"help": "the contrast alone; also predict no masked tokens"})
    contrast_monolingual: bool = field(
        default=False, metadata={"help": "also train on the text of the single languages, in the same batches"}
    )
    contrast_shortest: int = field(
        default=10, metadata={"help": "pairs with a side of fewer pieces are dropped and counted"}
    )
    contrast_weight: float = field(default=1.0, metadata={"help": "weight of the contrast beside TLM"})
    contrast_temperature: float = field(default=0.05, metadata={"help": "what products are divided by"})
    contrast_negatives: Negatives = field(  # type: ignore[valid-type]
        default=QUEUE, metadata={"help": "negatives: keys of earlier updates, of the batch's other pairs, or both"}
    )
    contrast_queue: int = field(default=32_000, metadata={"help": "keys of earlier updates that are kept"})
    contrast_queue_start: Filling = field(  # type: ignore[valid-type]
        default=EMPTY, metadata={"help": "what is in the queue at first: nothing, or normal noise"}
    )
    contrast_begin: Beginning = field(  # type: ignore[valid-type]
        default=NOW, metadata={"help": "have the contrast begin with the first update, or once the queue is full"}
    )
    contrast_keys: Keys = field(  # type: ignore[valid-type]
        default=SLOW,
        metadata={
            "help": "keys come from a slow copy of the encoder, without a gradient (MoCo), or from the encoder itself"
        },
    )
    contrast_momentum: float = field(
        default=0.999, metadata={"help": "share of itself that the slow copy keeps in an update"}
    )
    contrast_depth: Depth = field(  # type: ignore[valid-type]
        default=LAST, metadata={"help": "layer that is compared: the last, or two thirds up, 8 of 12"}
    )
    contrast_layer: Optional[int] = field(
        default=None, metadata={"help": "number of the layer instead: 0 the embeddings, 1 the first layer, ..."}
    )
    contrast_pooling: Pooling = field(  # type: ignore[valid-type]
        default=FIRST, metadata={"help": "vector of a sentence: the state of <s>, or the mean of all"}
    )
    contrast_projection: Projection = field(  # type: ignore[valid-type]
        default=LINEAR, metadata={"help": "what vectors pass through, of the model's width and without bias"}
    )
    contrast_similarity: Similarity = field(  # type: ignore[valid-type]
        default=COSINE, metadata={"help": "vectors are scaled to length 1, or not"}
    )
    seed: int = II("common.seed")
    max_update: int = II("optimization.max_update")
    update_freq: list[int] = II("optimization.update_freq")  # noqa: RUF009
    batch_size: Optional[int] = II("dataset.batch_size")
    distributed_world_size: int = II("distributed_training.distributed_world_size")


def check_settings(cfg: SentenceContrastConfig, layers: int) -> None:
    """Refuse what is out of range, contradicts something else or would do nothing.

    Args:
        cfg: the settings.
        layers: of the model.

    Raises:
        InputError: with the option's name.
    """
    require_range("--contrast-weight", cfg.contrast_weight, 0, above=True)
    require_range("--contrast-temperature", cfg.contrast_temperature, 0, above=True)
    require_range("--contrast-momentum", cfg.contrast_momentum, 0, 1)
    require_range("--contrast-shortest", cfg.contrast_shortest, 1)
    if cfg.contrast_layer is not None:
        require_range("--contrast-layer", cfg.contrast_layer, 0, layers)
    if cfg.contrast_momentum == 1.0:
        raise InputError("--contrast-momentum 1: the slow copy would never change; give less, 0.999 for example")
    if str(cfg.contrast_negatives) == BATCH:
        if str(cfg.contrast_begin) == FULL:
            raise InputError("--contrast-begin full needs a queue; give --contrast-negatives queue or both")
        return
    require_range("--contrast-queue", cfg.contrast_queue, 1)
    if str(cfg.contrast_begin) == FULL and cfg.max_update and cfg.batch_size:
        update = cfg.batch_size * max(cfg.update_freq) * max(1, cfg.distributed_world_size)
        if cfg.max_update * update <= cfg.contrast_queue:
            what = f"--contrast-begin full: {cfg.max_update:,} updates of {update:,} instances never fill"
            raise InputError(f"{what} a queue of {cfg.contrast_queue:,}; give a smaller --contrast-queue")


def projection(kind: str, width: int) -> Optional[nn.Module]:
    """Return what the vectors ``(P, H)`` pass through; None for nothing."""
    if kind == NONE:
        return None
    linear = nn.Linear(width, width, bias=False)
    return linear if kind == LINEAR else nn.Sequential(linear, nn.ReLU(), nn.Linear(width, width, bias=False))
