"""Extracting answers from a context, the form of XTREME's XQuAD, MLQA and TyDiQA-GoldP."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq.tasks import register_task

from fairseq_alignmlm.data.code_switching import SwitchedQuestions
from fairseq_alignmlm.data.questions import STRIDE, Questions
from fairseq_alignmlm.option_ranges import require_range
from fairseq_alignmlm.tasks.code_switching import CodeSwitchingConfig, parts_of, translated_folder
from fairseq_alignmlm.tasks.finetuning import FinetuningTask


@dataclass
class XtremeAnsweringConfig(CodeSwitchingConfig):
    """Settings of the task; the defaults are those of XTREME's scripts."""

    max_length: int = field(default=384, metadata={"help": "longest window in pieces, question and specials included"})
    stride: int = field(default=STRIDE, metadata={"help": "pieces between the starts of two windows of a context"})


@register_task("xtreme_answering", dataclass=XtremeAnsweringConfig)
class XtremeAnswering(FinetuningTask):
    """Fine-tune and test a model that points to the first and the last piece of an answer."""

    head = "xtreme_answering"
    criterion_name = "answer_span"
    per_token = True
    tokens_folder = "context"
    labels_folder = "answer"

    def make_dataset(self, folder: Path, split: str, **settings: Any) -> Questions:
        """Open the questions of a split."""
        require_range("--stride", self.cfg.stride, 1)
        names = ("question", "context", "answer")
        other = translated_folder(self.cfg, split, self.tokens_folder, self.identity, settings["language"])
        if other is None:
            return Questions(*parts_of(folder, split, names), stride=self.cfg.stride, **settings)
        own, translated = (parts_of(place, split, names) for place in (folder, other))
        return SwitchedQuestions(own, translated, self.cfg.code_switch_share, self.cfg.stride, **settings)
