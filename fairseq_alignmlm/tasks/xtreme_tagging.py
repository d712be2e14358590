"""Tagging words, the form of XTREME's POS and NER tasks."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from fairseq.data import Dictionary
from fairseq.dataclass import FairseqDataclass
from fairseq.tasks import register_task
from omegaconf import II, MISSING

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.data.tagged_sentences import TaggedSentences
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.unbuffered import UnbufferedTask
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary

logger = logging.getLogger(__name__)

HEAD = "xtreme_tagging"


@dataclass
class XtremeTaggingConfig(FairseqDataclass):
    """Settings of the task; the defaults are the paper's (Table 11)."""

    data: str = field(
        default=MISSING, metadata={"help": "xtreme/<task>/<language>/bin: folder with tokens/ and labels/"}
    )
    max_length: int = field(default=512, metadata={"help": "longest sentence in pieces, <s> and </s> included"})
    languages: Optional[str] = field(
        default=None,
        metadata={"help": "the pre-training's languages in order, for models with language embeddings"},
    )
    language: Optional[str] = field(default=None, metadata={"help": "the language of this data, one of --languages"})
    seed: int = II("common.seed")
    batch_size: int | None = II("dataset.batch_size")


@register_task("xtreme_tagging", dataclass=XtremeTaggingConfig)
class XtremeTagging(UnbufferedTask):
    """Fine-tune and test a tagger; the tag of a word sits on its first piece.

    Raises:
        InputError: when the data are missing or broken, or language IDs do not fit the model.
    """

    def __init__(self, cfg: XtremeTaggingConfig, dictionary: Dictionary, label_dictionary: Dictionary) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.label_dictionary = label_dictionary
        self.languages = cfg.languages.split(",") if cfg.languages else []
        self._with_language_ids = False

    @classmethod
    def setup_task(cls, cfg: XtremeTaggingConfig, **kwargs: Any) -> "XtremeTagging":
        """Read the two vocabularies."""
        folder = Path(cfg.data)
        labels = folder / "labels" / "dict.txt"
        if not labels.is_file():
            raise InputError.at(labels, None, "no such file", "run python -m data_prep xtreme")
        task = cls(cfg, load_vocabulary(folder / "tokens" / "dict.txt"), Dictionary.load(str(labels)))
        logger.info("%d tags: %s", len(task.tags), " ".join(task.tags))
        return task

    @property
    def source_dictionary(self) -> Dictionary:
        """The symbols of all languages."""
        return self.dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The tags."""
        return self.label_dictionary

    @property
    def tags(self) -> list[str]:
        """The tags in the order of the classifier's outputs."""
        return self.label_dictionary.symbols[self.label_dictionary.nspecial :]

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train``, ``valid`` or another split of the folder."""
        folder = Path(self.cfg.data)
        dataset = TaggedSentences(
            load_binarized(folder / "tokens" / split),
            load_binarized(folder / "labels" / split),
            self.cfg.max_length,
            self.dictionary.bos(),
            self.dictionary.eos(),
            self.dictionary.pad(),
            self.cfg.seed,
            shuffle=split == "train",
            language=self._language_number() if self._with_language_ids else None,
            batch_size=self.cfg.batch_size or 32,
        )
        logger.info(
            "%s: %s sentences, %d cut at %d pieces",
            split,
            f"{len(dataset):,}",
            dataset.truncated,
            self.cfg.max_length,
        )
        self.datasets[split] = dataset

    def _language_number(self) -> int:
        if self.cfg.language not in self.languages:
            raise InputError(
                f"the model has language embeddings: --language {self.cfg.language!r} must be one of "
                f"--languages {self.cfg.languages!r} (the languages of the pre-training, in its order)"
            )
        return self.languages.index(self.cfg.language) + 1

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model with a tagging head and make sure that it gets language IDs exactly when it needs them."""
        model = super().build_model(cfg, from_checkpoint)
        model.register_classification_head(HEAD, num_classes=len(self.tags), per_token=True)
        self._with_language_ids = model.has_language_embeddings
        if self._with_language_ids:
            self._language_number()
        elif self.cfg.language is not None:
            raise InputError(f"--language {self.cfg.language}: the model has no language embeddings; leave it out")
        return model

    def max_positions(self) -> int:
        """Return the longest instance in tokens."""
        return self.cfg.max_length
