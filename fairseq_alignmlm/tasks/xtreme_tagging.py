"""Tagging words, the form of XTREME's POS and NER tasks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq.dataclass import ChoiceEnum
from fairseq.tasks import register_task

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.data.tagged_sentences import TaggedSentences
from fairseq_alignmlm.tasks.finetuning import FinetuningConfig, FinetuningTask

LongSentences = ChoiceEnum(["cut", "split"])


@dataclass
class XtremeTaggingConfig(FinetuningConfig):
    """Settings of the task; the defaults are the paper's (Table 11)."""

    long_sentences: LongSentences = field(  # type: ignore[valid-type]
        default="cut",
        metadata={"help": "sentences longer than --max-length: cut, or split between words and re-joined (XTREME)"},
    )


@register_task("xtreme_tagging", dataclass=XtremeTaggingConfig)
class XtremeTagging(FinetuningTask):
    """Fine-tune and test a tagger; the tag of a word sits on its first piece."""

    head = "xtreme_tagging"
    criterion_name = "token_tagging"
    per_token = True
    tokens_folder = "tokens"
    labels_folder = "labels"

    def make_dataset(self, folder: Path, split: str, **settings: Any) -> TaggedSentences:
        """Open the sentences and tags of a split."""
        tokens, labels = load_binarized(folder / "tokens" / split), load_binarized(folder / "labels" / split)
        return TaggedSentences(tokens, labels, split_long=str(self.cfg.long_sentences) == "split", **settings)
