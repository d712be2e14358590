"""The contrast of sentences with their transliterations (Xhelili et al. 2024): MLM, TLM and InfoNCE in the batch."""

from dataclasses import dataclass, field

from fairseq.criterions import register_criterion

from fairseq_alignmlm.criterions.contrast_settings import (
    BATCH,
    MEAN,
    NONE,
    TRAINED,
    TWO_THIRDS,
    Depth,
    Keys,
    Negatives,
    Pooling,
    Projection,
    SentenceContrastConfig,
)
from fairseq_alignmlm.criterions.sentence_contrast import SentenceContrast

OBJECTIVE = {
    "name": "transliteration_contrast",
    "title": "Transliterated pairs",
    "order": 8,
    "colour": "#a6611a",
    "marker": "*",
    "hatch": "oo",
    "by_name": True,
    "criterion": "transliteration_contrast",
    "part": "posttrain",
    "starts_from": "mlm",
    "instances": "lines",
    "settings": {
        "contrast_temperature": {"word": "temperature", "text": "temperature {}"},
    },
    "reads": {"parallel": "--tlm-parallel"},
}


@dataclass
class TransliterationContrastConfig(SentenceContrastConfig):
    """What differs: the mean of layer 8 of 12, keys of the trained encoder, the batch's other pairs as negatives."""

    contrast_monolingual: bool = field(
        default=True, metadata={"help": "also train on the text of the single languages, in the same batches"}
    )
    contrast_shortest: int = field(
        default=1, metadata={"help": "pairs with a side of fewer pieces are dropped and counted"}
    )
    contrast_temperature: float = field(default=0.05, metadata={"help": "what products are divided by"})
    contrast_negatives: Negatives = field(
        default=BATCH, metadata={"help": "negatives: keys of earlier updates, of the batch's other pairs, or both"}
    )
    contrast_keys: Keys = field(
        default=TRAINED,
        metadata={
            "help": "keys come from a slow copy of the encoder, without a gradient (MoCo), or from the encoder itself"
        },
    )
    contrast_depth: Depth = field(
        default=TWO_THIRDS, metadata={"help": "layer that is compared: the last, or two thirds up, 8 of 12"}
    )
    contrast_pooling: Pooling = field(
        default=MEAN, metadata={"help": "vector of a sentence: the state of <s>, or the mean of all"}
    )
    contrast_projection: Projection = field(
        default=NONE, metadata={"help": "what vectors pass through, of the model's width and without bias"}
    )


@register_criterion("transliteration_contrast", dataclass=TransliterationContrastConfig)
class TransliterationContrast(SentenceContrast):
    """`SentenceContrast` of a sentence and its transliteration, which is the other language of the data.

    Its temperature is not known here; 0.05 is the default of `SentenceContrast`.
    """
