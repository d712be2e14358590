"""Masked language modelling over several languages: the task of every pre-training objective."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from fairseq import metrics
from fairseq.data import Dictionary
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask, register_task
from omegaconf import II, MISSING

from fairseq_alignmlm.data.binarized import load_binarized, token_counts
from fairseq_alignmlm.data.blocks import cut_into_blocks
from fairseq_alignmlm.data.masked_blocks import LanguageInstances, MaskedBlocks
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.mixture import smoothed_counts
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary, special_symbols

logger = logging.getLogger(__name__)

RandomTokenScope = ChoiceEnum(["language", "all", "first"])


@dataclass
class MultilingualMLMConfig(FairseqDataclass):
    """Settings of the task; the defaults are the paper's."""

    data: str = field(
        default=MISSING,
        metadata={"help": "folder with dict.txt and one folder of binarized text per language"},
    )
    languages: Optional[str] = field(
        default=None,
        metadata={"help": "comma-separated languages, L1 first; default: every folder of the data, by name"},
    )
    tokens_per_sample: int = field(default=512, metadata={"help": "length of a block in tokens"})
    sampling_alpha: float = field(
        default=1.0,
        metadata={"help": "languages are sampled in proportion to size ** alpha: 1 by size, 0 all alike"},
    )
    mask_prob: float = field(default=0.15, metadata={"help": "share of tokens to predict"})
    leave_unmasked_prob: float = field(default=0.1, metadata={"help": "share of these that stay as they are"})
    random_token_prob: float = field(default=0.1, metadata={"help": "share of these that become a random token"})
    random_token_scope: RandomTokenScope = field(  # type: ignore[valid-type]
        default="language",
        metadata={
            "help": "random tokens come from the vocabulary of the token's language, from all languages, or from "
            "the first language only (as in the published code)"
        },
    )
    seed: int = II("common.seed")


@register_task("multilingual_mlm", dataclass=MultilingualMLMConfig)
class MultilingualMLM(FairseqTask):
    """Train on masked blocks of several languages; validation reports every language's loss.

    Raises:
        InputError: when the data are missing or broken, or a language is unknown.
    """

    def __init__(self, cfg: MultilingualMLMConfig, dictionary: Dictionary, languages: list[str]) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.languages = languages
        self.mask_index = dictionary.index("<mask>")
        self.special = special_symbols(dictionary)
        self._with_language_ids = False
        self._replacements: dict[str, np.ndarray] = {}

    @classmethod
    def setup_task(cls, cfg: MultilingualMLMConfig, **kwargs: Any) -> "MultilingualMLM":
        """Read the vocabulary and find the languages."""
        _check_rates(cfg)
        folder = Path(cfg.data)
        dictionary = load_vocabulary(folder / "dict.txt")
        languages = _languages(folder, cfg.languages)
        logger.info("vocabulary: %s symbols; languages: %s", f"{len(dictionary):,}", ", ".join(languages))
        cfg.languages = ",".join(languages)  # kept in the checkpoint: language embeddings depend on the order
        return cls(cfg, dictionary, languages)

    @property
    def source_dictionary(self) -> Dictionary:
        """The symbols of all languages."""
        return self.dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The same: the task predicts its input."""
        return self.dictionary

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train``, ``valid`` or, for one language only, ``valid_<language>``."""
        languages = self.languages
        if split.startswith("valid_") and split.removeprefix("valid_") in languages:
            languages, file_name = [split.removeprefix("valid_")], "valid"
        else:
            file_name = split
        instances = {language: self._instances(language, file_name) for language in languages}
        sizes = {language: len(found) for language, found in instances.items()}
        training = split == "train"
        counts = smoothed_counts(list(sizes.values()), self.cfg.sampling_alpha) if training else None
        self.datasets[split] = MaskedBlocks(
            [
                LanguageInstances(self.languages.index(language) + 1, found, self._random_tokens(language))
                for language, found in instances.items()
            ],
            counts,
            MaskingRates(self.cfg.mask_prob, self.cfg.leave_unmasked_prob, self.cfg.random_token_prob),
            self.special,
            self.mask_index,
            self.dictionary.pad(),
            self.cfg.seed,
            shuffle=training,
            with_language_ids=self._with_language_ids,
        )
        logger.info("%s: %s", split, ", ".join(f"{size:,} blocks {name}" for name, size in sizes.items()))

    def _instances(self, language: str, split: str) -> Any:
        sentences = load_binarized(Path(self.cfg.data) / language / split)
        return cut_into_blocks(
            sentences,
            self.cfg.tokens_per_sample,
            self.dictionary.bos(),
            self.dictionary.pad(),
            self.dictionary.eos(),
        )

    def _random_tokens(self, language: str) -> np.ndarray:
        """Return the tokens that a random token of the language is drawn from, as counted in its training text."""
        scope = str(self.cfg.random_token_scope)
        if scope == "first":
            language = self.languages[0]
        if scope == "all":
            return np.unique(np.concatenate([self._tokens_of(name) for name in self.languages]))
        return self._tokens_of(language)

    def _tokens_of(self, language: str) -> np.ndarray:
        if language not in self._replacements:
            training_text = load_binarized(Path(self.cfg.data) / language / "train")
            counts = token_counts(training_text, len(self.dictionary))
            self._replacements[language] = np.flatnonzero((counts > 0) & ~self.special)
        return self._replacements[language]

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model; one with language embeddings gets language IDs from then on."""
        model = super().build_model(cfg, from_checkpoint)
        self._with_language_ids = getattr(model, "has_language_embeddings", False)
        return model

    def valid_step(self, sample: dict[str, Any], model: Any, criterion: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Validate each language of the batch on its own, so that every language's loss is logged."""
        model.eval()
        totals: dict[str, Any] = {}
        total_loss, total_size = 0.0, 0
        with torch.no_grad():
            for number, language in enumerate(self.languages, 1):
                rows = sample["languages"] == number if sample else torch.zeros(0, dtype=torch.bool)
                loss, size = 0.0, 0
                if bool(rows.any()):
                    loss, size, log = criterion(model, _select_rows(sample, rows))
                    for key, value in log.items():
                        totals[key] = totals.get(key, 0) + value
                totals[f"loss/{language}"] = loss
                totals[f"sample_size/{language}"] = size
                total_loss, total_size = total_loss + loss, total_size + size
        return total_loss, total_size, totals

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log the criterion's metrics and, in validation, ``loss_<language>`` (bits per predicted token)."""
        super().reduce_metrics(logging_outputs, criterion)
        for language in self.languages:
            size = sum(log.get(f"sample_size/{language}", 0) for log in logging_outputs)
            if size > 0:
                loss = sum(log.get(f"loss/{language}", 0) for log in logging_outputs)
                metrics.log_scalar(f"loss_{language}", loss / size / np.log(2), size, round=3)

    def max_positions(self) -> int:
        """Return the longest instance in tokens."""
        return self.cfg.tokens_per_sample


def _select_rows(sample: dict[str, Any], rows: torch.Tensor) -> dict[str, Any]:
    """Keep the rows ``(B,)`` of a batch; a batch that is kept whole is not copied."""
    if bool(rows.all()):
        return sample
    batch = rows.numel()

    def select(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: select(entry) for key, entry in value.items()}
        return value[rows] if torch.is_tensor(value) and value.dim() and value.size(0) == batch else value

    kept = select(sample)
    kept["nsentences"] = int(rows.sum())
    kept["ntokens"] = int(kept["net_input"]["src_lengths"].sum())
    return kept


def _check_rates(cfg: MultilingualMLMConfig) -> None:
    for name in ("mask_prob", "leave_unmasked_prob", "random_token_prob"):
        if not 0.0 <= getattr(cfg, name) <= 1.0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(cfg, name)} is not between 0 and 1")
    if cfg.leave_unmasked_prob + cfg.random_token_prob > 1.0:
        raise InputError("--leave-unmasked-prob and --random-token-prob together exceed 1")
    if cfg.tokens_per_sample < 2:
        raise InputError(f"--tokens-per-sample {cfg.tokens_per_sample} is too short; give at least 2")


def _languages(folder: Path, listed: str | None) -> list[str]:
    present = sorted(
        path.name for path in folder.iterdir() if (path / "train.idx").is_file() or (path / "valid.idx").is_file()
    )
    if not listed:
        if not present:
            raise InputError.at(folder, None, "holds no binarized language", "run python -m data_prep binarize")
        return present
    languages = [name.strip() for name in listed.split(",") if name.strip()]
    for name in languages:
        if name not in present:
            raise InputError.at(
                folder, None, f"unknown language {name!r}", f"the folder has: {', '.join(present) or 'none'}"
            )
    if len(set(languages)) != len(languages):
        raise InputError(f"--languages {listed}: a language is named twice")
    return languages
