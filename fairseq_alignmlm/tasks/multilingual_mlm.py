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

from fairseq_alignmlm.data.batches import select_rows, without_targets
from fairseq_alignmlm.data.binarized import load_binarized, token_counts
from fairseq_alignmlm.data.blocks import cut_into_blocks
from fairseq_alignmlm.data.masked_instances import MaskedInstances, Part
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.mixture import smoothed_counts
from fairseq_alignmlm.data.parallel import ParallelSettings, parallel_part
from fairseq_alignmlm.data.parts import MonolingualPart
from fairseq_alignmlm.data.sentences import SentenceInstances
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.lengths import check_lengths
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary, special_symbols

logger = logging.getLogger(__name__)

BLOCKS, SENTENCES, LINES = "blocks", "sentences", "lines"
RandomTokenScope = ChoiceEnum(["language", "all", "first"])
InstanceKind = ChoiceEnum([BLOCKS, SENTENCES, LINES])


@dataclass
class MultilingualMLMConfig(FairseqDataclass):
    """Settings of the task; the defaults are the paper's."""

    data: str = field(
        default=MISSING, metadata={"help": "folder with dict.txt and one folder of binarized text per language"}
    )
    languages: Optional[str] = field(
        default=None,
        metadata={"help": "comma-separated languages, L1 first; default: every folder of the data, by name"},
    )
    tokens_per_sample: int = field(default=512, metadata={"help": "length of an instance in tokens"})
    instances: Optional[InstanceKind] = field(  # type: ignore[valid-type]
        default=None,
        metadata={
            "help": "blocks of exactly --tokens-per-sample tokens (default for MLM and ALIGN-MLM, G.2); whole "
            "sentences that fit, padded (default for XLM and DICT-MLM, G.3); or lines: one sentence, for XLM one "
            "sentence pair, each, padded to the longest of the batch"
        },
    )
    packing_look_ahead: int = field(
        default=1,
        metadata={
            "help": "instances of whole sentences: 1 packs these in their order (G.3); N, when the next one does not "
            "fit, takes the longest of the next N that does. The larger N, the less padding, and the more neighbouring "
            "sentences are parted"
        },
    )
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
    """Train on masked instances of several languages; validation reports every language's loss.

    Raises:
        InputError: when the data are missing or broken, an instance is longer than the model's positions, or a
            language is unknown.
    """

    def __init__(self, cfg: MultilingualMLMConfig, dictionary: Dictionary, languages: list[str]) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.languages = languages
        self.mask_index = dictionary.index("<mask>")
        self.special = special_symbols(dictionary)
        self._with_language_ids = False
        self._positions: int | None = None
        self._with_branch_draws = False
        self._default_instances = BLOCKS
        self._parallel: ParallelSettings | None = None
        self._language_tokens: dict[str, np.ndarray] = {}
        self._part_names: list[str] = list(languages)

    @classmethod
    def setup_task(cls, cfg: MultilingualMLMConfig, **kwargs: Any) -> "MultilingualMLM":
        """Read the vocabulary and find the languages."""
        _check_settings(cfg)
        folder = Path(cfg.data)
        dictionary = load_vocabulary(folder / "dict.txt")
        languages = _languages(folder, cfg.languages)
        logger.info("vocabulary: %s symbols; languages: %s", f"{len(dictionary):,}", ", ".join(languages))
        return cls(cfg, dictionary, languages)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the task: language embeddings depend on the order of the languages."""
        return {"languages": list(self.languages)}

    @property
    def source_dictionary(self) -> Dictionary:
        """The symbols of all languages."""
        return self.dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The same: the task predicts its input."""
        return self.dictionary

    def use_sentence_instances(self, parallel: ParallelSettings | None = None) -> None:
        """Make whole sentences the default instances and add sentence pairs; for criterions, before data are loaded.

        Args:
            parallel: what sentence pairs to add, or None for none.

        Raises:
            InputError: when a pair names an unknown language.
        """
        for name in {name for pair in (parallel.pairs if parallel else ()) for name in pair}:
            self.language_number(name)
        self._default_instances = SENTENCES
        self._parallel = parallel
        if parallel:
            self._part_names += [f"tlm_{'-'.join(pair)}" for pair in parallel.pairs]

    def use_branch_draws(self) -> None:
        """Put ``branch`` ``(B, T, 2)``, uniform numbers, into every batch; for criterions that corrupt it further."""
        self._with_branch_draws = True

    def language_number(self, name: str) -> int:
        """Return the number 1..L of a language.

        Raises:
            InputError: when the language is unknown.
        """
        if name not in self.languages:
            raise InputError(f"unknown language {name!r}; --languages are {', '.join(self.languages)}")
        return self.languages.index(name) + 1

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train``, ``valid`` or, for one language only, ``valid_<language>``."""
        languages, file_name = self.languages, split
        if split.startswith("valid_") and split.removeprefix("valid_") in languages:
            languages, file_name = [split.removeprefix("valid_")], "valid"
        training = split == "train"
        monolingual = [self._monolingual_part(language, file_name) for language in languages]
        counts = [len(part) for part in monolingual]
        if training:
            counts = smoothed_counts(counts, self.cfg.sampling_alpha)
        parts: list[Part] = [*monolingual]
        if len(languages) > 1:
            parts += self._parallel_parts(file_name)
        self.datasets[split] = MaskedInstances(
            parts,
            counts + [len(part) for part in parts[len(counts) :]],
            MaskingRates(self.cfg.mask_prob, self.cfg.leave_unmasked_prob, self.cfg.random_token_prob),
            self.special,
            [self._random_tokens(language) for language in self.languages],
            self.mask_index,
            self.dictionary.pad(),
            self.cfg.seed,
            shuffle=training,
            with_language_ids=self._with_language_ids,
            with_branch_draws=self._with_branch_draws,
            first_part=self.language_number(languages[0]) - 1,
        )
        check_lengths(split, self.datasets[split].sizes, self._positions, "--tokens-per-sample")
        logger.info("%s: %s instances", split, ", ".join(f"{len(part):,} {part.name}" for part in parts))

    def _monolingual_part(self, language: str, split: str) -> MonolingualPart:
        sentences = load_binarized(Path(self.cfg.data) / language / split)
        length, special = self.cfg.tokens_per_sample, self.dictionary
        if str(self.cfg.instances or self._default_instances) == BLOCKS:
            blocks = cut_into_blocks(sentences, length, special.bos(), special.pad(), special.eos())
            return MonolingualPart(language, self.language_number(language), blocks)
        packed = SentenceInstances(sentences, length, special.bos(), self.cfg.packing_look_ahead, self._single)
        dropped = packed.packing.too_long
        used = len(packed.packing.kept)
        if used == 0:
            raise InputError(f"{split} {language}: every sentence exceeds --tokens-per-sample {length}")
        logger.info("%s %s: dropped %s sentences over %d tokens, kept %s", split, language, dropped, length - 1, used)
        return MonolingualPart(language, self.language_number(language), packed)

    @property
    def _single(self) -> bool:
        return str(self.cfg.instances) == LINES

    def _parallel_parts(self, split: str) -> list[Part]:
        found: list[Part] = []
        for pair in self._parallel.pairs if self._parallel else ():
            assert self._parallel is not None
            numbers = (self.language_number(pair[0]), self.language_number(pair[1]))
            part, report = parallel_part(
                Path(self.cfg.data),
                self._parallel,
                pair,
                numbers,
                split,
                self.cfg.tokens_per_sample,
                self.dictionary.bos(),
                self.cfg.seed,
                self.cfg.packing_look_ahead,
                self._single,
            )
            logger.info("%s: %s", split, report)
            found.append(part)
        return found

    def _random_tokens(self, language: str) -> np.ndarray:
        """Return the tokens that a random token of the language is drawn from."""
        scope = str(self.cfg.random_token_scope)
        if scope == "all":
            return np.unique(np.concatenate([self.tokens_of(name) for name in self.languages]))
        return self.tokens_of(self.languages[0] if scope == "first" else language)

    def tokens_of(self, language: str) -> np.ndarray:
        """Return the indices of the non-special tokens of a language, as its training text has them."""
        if language not in self._language_tokens:
            training_text = load_binarized(Path(self.cfg.data) / language / "train")
            counts = token_counts(training_text, len(self.dictionary))
            self._language_tokens[language] = np.flatnonzero((counts > 0) & ~self.special)
        return self._language_tokens[language]

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model; one with language embeddings gets language IDs from then on."""
        model = super().build_model(cfg, from_checkpoint)
        self._with_language_ids = getattr(model, "wants_language_ids", False)
        self._positions = model.max_positions()
        return model

    def train_step(
        self,
        sample: dict[str, Any],
        model: Any,
        criterion: Any,
        optimizer: Any,
        update_num: int,
        ignore_grad: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Go forward and backward as usual, with no token to predict in a batch that stands in for a missing one.

        At the end of an epoch a worker may have no batch; fairseq has it work on an old one and multiplies the loss by
        zero. That would lose the worker's part of a loss that workers share, as they do the alignment loss.
        """
        if ignore_grad:
            sample = without_targets(sample, self.source_dictionary.pad())
        return super().train_step(sample, model, criterion, optimizer, update_num, ignore_grad=False, **kwargs)

    def valid_step(self, sample: dict[str, Any], model: Any, criterion: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Validate each part of the batch on its own, so that every language's loss is logged."""
        model.eval()
        totals: dict[str, Any] = {}
        device = sample["target"].device if sample else None
        losses_P = torch.zeros(len(self._part_names), device=device)
        sizes_P = torch.zeros(len(self._part_names), device=device, dtype=torch.long)
        with torch.no_grad():
            for number in sample["part"].unique().tolist() if sample else ():
                loss, sizes_P[number], log = criterion(model, select_rows(sample, sample["part"] == number))
                losses_P[number] = log.get("mlm_loss", loss)  # what the objective adds belongs to no language
                for key, value in log.items():
                    totals[key] = totals.get(key, 0) + value
        # fairseq sums the entries of several workers by their place, tensors and numbers apart: order and types must
        # not depend on the languages of the batch.
        for number, name in enumerate(self._part_names):
            totals[f"loss/{name}"], totals[f"sample_size/{name}"] = losses_P[number], sizes_P[number]
        return losses_P.sum(), sizes_P.sum(), totals

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log the criterion's metrics and, in validation, ``loss_<language>``: MLM alone, in bits per predicted token.

        It is the same quantity under every objective: without the alignment loss of ALIGN-MLM, on text without the
        translations of DICT-MLM.
        """
        super().reduce_metrics(logging_outputs, criterion)
        for name in self._part_names:
            size = sum(log.get(f"sample_size/{name}", 0) for log in logging_outputs)
            if size > 0:
                loss = sum(log.get(f"loss/{name}", 0) for log in logging_outputs)
                metrics.log_scalar(f"loss_{name}", loss / size / np.log(2), size, round=3)

    def max_positions(self) -> int:
        """Return the longest instance in tokens."""
        return self.cfg.tokens_per_sample


def _check_settings(cfg: MultilingualMLMConfig) -> None:
    for name in ("mask_prob", "leave_unmasked_prob", "random_token_prob"):
        if not 0.0 <= getattr(cfg, name) <= 1.0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(cfg, name)} is not between 0 and 1")
    if cfg.leave_unmasked_prob + cfg.random_token_prob > 1.0:
        raise InputError("--leave-unmasked-prob and --random-token-prob together exceed 1")
    if cfg.packing_look_ahead < 1:
        raise InputError(f"--packing-look-ahead {cfg.packing_look_ahead}: give at least 1, which keeps the order")
    if cfg.tokens_per_sample < 2:
        raise InputError(f"--tokens-per-sample {cfg.tokens_per_sample} is too short; give at least 2")


def _languages(folder: Path, listed: str | None) -> list[str]:
    present = sorted(path.parent.name for path in folder.glob("*/*.idx"))
    present = list(dict.fromkeys(present))
    if not listed:
        if not present:
            raise InputError.at(folder, None, "holds no binarized language", "run python -m data_prep binarize")
        return present
    languages = [name.strip() for name in listed.split(",") if name.strip()]
    for name in languages:
        if name not in present:
            known = ", ".join(present) or "none"
            raise InputError.at(folder, None, f"unknown language {name!r}", f"the folder has: {known}")
    if len(set(languages)) != len(languages):
        raise InputError(f"--languages {listed}: a language is named twice")
    return languages
