"""Classifying sentence pairs, the form of XTREME's XNLI and PAWS-X tasks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq.tasks import register_task

from fairseq_alignmlm.data.code_switching import SwitchedPairs
from fairseq_alignmlm.data.sentence_pairs import SentencePairs
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.tasks.code_switching import CodeSwitchingConfig, parts_of, translated_folder
from fairseq_alignmlm.tasks.finetuning import FinetuningTask


@dataclass
class XtremeClassificationConfig(CodeSwitchingConfig):
    """Settings of the task; the defaults are the paper's (Table 11)."""

    max_length: int = field(default=128, metadata={"help": "longest pair in pieces, special symbols included"})


@register_task("xtreme_classification", dataclass=XtremeClassificationConfig)
class XtremeClassification(FinetuningTask):
    """Fine-tune and test a classifier of sentence pairs, from the first token's last hidden state."""

    head = "xtreme_classification"
    criterion_name = "sentence_classification"
    per_token = False
    tokens_folder = "input0"
    labels_folder = "label"

    def make_dataset(self, folder: Path, split: str, **settings: Any) -> SentencePairs:
        """Open the sentences and labels of a split."""
        second = folder / "input1" / "dict.txt"
        if second.is_file():  # that of input0 was compared when the task began
            self.identity.require(Identity.of_dict(second), second, str(folder / "input0"), "make the data again")
        names = ("input0", "input1", "label")
        other = translated_folder(self.cfg, split, self.tokens_folder, self.identity, settings["language"])
        if other is None:
            return SentencePairs(*parts_of(folder, split, names), **settings)
        own, translated = (parts_of(place, split, names) for place in (folder, other))
        return SwitchedPairs(own, translated, self.cfg.code_switch_share, **settings)
