"""XLCO, the contrast of sentences of InfoXLM (Chi et al. 2021), with the settings of its published code."""

from dataclasses import dataclass, field

from fairseq.criterions import register_criterion

from fairseq_alignmlm.criterions.contrast_settings import (
    DOT,
    FULL,
    NOISE,
    TWO_THIRDS,
    Beginning,
    Depth,
    Filling,
    SentenceContrastConfig,
    Similarity,
)
from fairseq_alignmlm.criterions.sentence_contrast import SentenceContrast

OBJECTIVE = {
    "name": "xlco",
    "title": "XLCO",
    "order": 7,
    "colour": "#8073ac",
    "marker": "P",
    "hatch": "++",
    "by_name": True,
    "criterion": "xlco",
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
class XLCOConfig(SentenceContrastConfig):
    """What differs: layer 8 of 12, products of unscaled vectors, a long queue of noise that has to be filled first."""

    contrast_monolingual: bool = field(
        default=True, metadata={"help": "also train on the text of the single languages, in the same batches"}
    )
    contrast_shortest: int = field(
        default=1, metadata={"help": "pairs with a side of fewer pieces are dropped and counted"}
    )
    contrast_temperature: float = field(default=0.25, metadata={"help": "what products are divided by"})
    contrast_queue: int = field(default=131_072, metadata={"help": "keys of earlier updates that are kept"})
    contrast_queue_start: Filling = field(
        default=NOISE, metadata={"help": "what is in the queue at first: nothing, or normal noise"}
    )
    contrast_begin: Beginning = field(
        default=FULL, metadata={"help": "have the contrast begin with the first update, or once the queue is full"}
    )
    contrast_momentum: float = field(
        default=0.9999, metadata={"help": "share of itself that the slow copy keeps in an update"}
    )
    contrast_depth: Depth = field(
        default=TWO_THIRDS, metadata={"help": "layer that is compared: the last, or two thirds up, 8 of 12"}
    )
    contrast_similarity: Similarity = field(default=DOT, metadata={"help": "vectors are scaled to length 1, or not"})


@register_criterion("xlco", dataclass=XLCOConfig)
class XLCO(SentenceContrast):
    """The first token's state at layer 8 of 12 through a linear map, and `SentenceContrast` for the rest.

    In the published code MLM, TLM and XLCO each have a batch of their own in every update. Here a batch mixes text and
    pairs, and the pairs serve both TLM and the contrast.
    """
