"""Masked language modelling over several languages: the task of every pre-training objective."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairseq import metrics
from fairseq.data import Dictionary
from fairseq.tasks import FairseqTask, register_task
from fairseq.utils import split_paths

from fairseq_alignmlm.data.batches import select_rows, without_targets
from fairseq_alignmlm.data.binarized import BINARIZE_AGAIN, load_binarized, require_same_vocabulary, token_counts
from fairseq_alignmlm.data.blocks import cut_into_blocks
from fairseq_alignmlm.data.masked_instances import MaskedInstances, Part
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.mixture import smoothed_counts
from fairseq_alignmlm.data.parallel import ParallelSettings, count_sentences, parallel_part
from fairseq_alignmlm.data.parts import MonolingualPart
from fairseq_alignmlm.data.sentences import SentenceInstances
from fairseq_alignmlm.data.word_pairs import Translations, WordPairs
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.lexicon.vocabulary import read_symbols
from fairseq_alignmlm.models.process_memory import prepare_training
from fairseq_alignmlm.tasks.checkpoint_identity import SAME_VOCABULARY, find_starting_point, require_same
from fairseq_alignmlm.tasks.lengths import check_lengths
from fairseq_alignmlm.tasks.pretraining_settings import (
    BLOCKS,
    LINES,
    SENTENCES,
    MultilingualMLMConfig,
    check_settings,
    choose_languages,
    masking_schedule,
)
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary, special_symbols

logger = logging.getLogger(__name__)


@register_task("multilingual_mlm", dataclass=MultilingualMLMConfig)
class MultilingualMLM(FairseqTask):
    """Train on masked instances of several languages; validation reports every language's loss.

    Raises:
        InputError: when the data are missing or broken, do not belong together or to the checkpoint, an instance is
            longer than the model's positions, or a language is unknown.
    """

    def __init__(
        self, cfg: MultilingualMLMConfig, dictionary: Dictionary, languages: list[str], identity: Identity
    ) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.languages = languages
        self.identity = identity
        self.mask_index = dictionary.index("<mask>")
        self.special = special_symbols(dictionary)
        self._with_language_ids = False
        self._positions: int | None = None
        self._with_branch_draws = False
        self._default_instances = BLOCKS
        self._parallel: ParallelSettings | None = None
        self._with_sides = False
        self._pairs_only = False
        self._words: list[Translations] = []
        self._kept: dict[str, Callable[[], dict[str, Any]]] = {}
        self.model_settings: Any = None
        self._token_counts: dict[str, np.ndarray] = {}
        self._part_names: list[str] = list(languages)

    @classmethod
    def setup_task(cls, cfg: MultilingualMLMConfig, **kwargs: Any) -> "MultilingualMLM":
        """Read the vocabulary and find the languages."""
        check_settings(cfg)
        folder, *others = _folders(cfg.data)
        dictionary = load_vocabulary(folder / "dict.txt")
        identity = Identity.of_dict(folder / "dict.txt")
        languages = choose_languages(folder, cfg.languages, identity.languages)
        for other in others:
            if read_symbols(other / "dict.txt") != read_symbols(folder / "dict.txt"):
                raise InputError.at(other / "dict.txt", None, f"differs from {folder / 'dict.txt'}", BINARIZE_AGAIN)
        for part in (own / language for own in (folder, *others) for language in languages):
            require_same_vocabulary(part, identity)
            if others:
                load_binarized(part / "train")  # a part that is missing is told now, not epochs later
        logger.info("vocabulary: %s symbols; languages: %s", f"{len(dictionary):,}", ", ".join(languages))
        logger.info("random replacement tokens: %s (--random-token-scope)", cfg.random_token_scope)
        return cls(cfg, dictionary, languages, replace(identity, languages=tuple(languages)))

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the task: which symbol and language each embedding is of."""
        kept = {"kept": {name: state() for name, state in self._kept.items()}} if self._kept else {}
        return {"languages": list(self.languages), "identity": self.identity.as_json(), **kept}

    def keep(self, name: str, state: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        """Have checkpoints keep more than weights and optimiser; for criterions.

        Args:
            name: what it is kept as.
            state: returns tensors and plain values.

        Returns:
            What the checkpoint that training goes on from has kept; None when training starts afresh, or from the
            weights of a model alone.

        Raises:
            InputError: the checkpoint is that of an interrupted run, and has nothing of the name.
        """
        self._kept[name] = state
        start = find_starting_point(self.cfg)
        if start is None or (self.cfg.finetune_from_model and not start.resumes):
            return None
        found = ((start.state.get("task_state") or {}).get("kept") or {}).get(name)
        if found is None and start.resumes:
            what = f"keeps no {name}, which this criterion goes on with"
            raise InputError.at(start.path, None, what, "start from its weights with --finetune-from-model")
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare what a checkpoint keeps of its task with the data; older checkpoints do not say it.

        Raises:
            InputError: when its vocabulary or languages differ.
        """
        own = identity_of({"task_state": state_dict})
        dict_file = _folders(self.cfg.data)[0] / "dict.txt"
        own.require(self.identity, dict_file, "the checkpoint", SAME_VOCABULARY)
        own.require(self.identity, dict_file, "the checkpoint", "give --languages", ("languages",))

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
            InputError: when a pair names an unknown language, or data are loaded already.
        """
        self._require_no_data()
        for name in {name for pair in (parallel.pairs if parallel else ()) for name in pair}:
            self.language_number(name)
        self._default_instances = SENTENCES
        self._parallel = parallel
        pairs = parallel.pairs if parallel else ()
        self._part_names = [*self.languages, *(f"tlm_{'-'.join(pair)}" for pair in pairs)]

    def use_pairs(self, parallel: ParallelSettings, monolingual: bool) -> None:
        """Make single sentence pairs the instances, their sides in the batch; for criterions, before data are loaded.

        Args:
            parallel: what pairs.
            monolingual: train on the text of the single languages, too; validation always has it.

        Raises:
            InputError: other instances were asked for; or as `use_sentence_instances`.
        """
        if str(self.cfg.instances or LINES) != LINES:
            raise InputError(f"--instances {self.cfg.instances}: this criterion wants one sentence pair each, lines")
        self.use_sentence_instances(parallel)
        self._default_instances, self._with_sides, self._pairs_only = LINES, True, not monolingual

    def use_words(self, words: list[Translations]) -> None:
        """Make dictionary words the instances instead of text; for criterions, before data are loaded.

        Validation is on the same words.

        Raises:
            InputError: data are loaded already.
        """
        self._require_no_data()
        self._words, self._part_names = words, ["words"]

    def use_branch_draws(self) -> None:
        """Put ``branch`` ``(B, T, 2)``, uniform numbers, into every batch; for criterions that corrupt it further.

        Raises:
            InputError: when data are loaded already.
        """
        self._require_no_data()
        self._with_branch_draws = True

    def _require_no_data(self) -> None:
        if self.datasets:
            loaded = ", ".join(self.datasets)
            raise InputError(f"{loaded}: loaded before the criterion, which decides its instances; build it first")

    def language_number(self, name: str) -> int:
        """Return the number 1..L of a language.

        Raises:
            InputError: when the language is unknown.
        """
        if name not in self.languages:
            raise InputError(f"unknown language {name!r}; --languages are {', '.join(self.languages)}")
        return self.languages.index(name) + 1

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train`` (of several folders one an epoch), ``valid`` or, for one language, ``valid_<language>``."""
        if self._words:
            words = WordPairs(
                self._words, self.dictionary.pad(), self.cfg.seed, split == "train", self._with_language_ids
            )
            check_lengths(split, words.sizes, self._positions, "the words of --dictionary")
            self.datasets[split] = words
            return
        languages, file_name = self.languages, split
        if split.startswith("valid_") and split.removeprefix("valid_") in languages:
            languages, file_name = [split.removeprefix("valid_")], "valid"
        training = split == "train"
        folders = _folders(self.cfg.data)
        folder = folders[(kwargs.get("epoch", 1) - 1) % len(folders)] if training else folders[0]
        alone = [] if training and self._pairs_only else languages
        monolingual = [self._monolingual_part(folder / language / file_name) for language in alone]
        counts = [len(part) for part in monolingual]
        if training and counts:
            counts = smoothed_counts(counts, self.cfg.sampling_alpha)
        parts: list[Part] = [*monolingual]
        if len(languages) > 1:
            parts += self._parallel_parts(folder, file_name)
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
            first_part=self.language_number(languages[0]) - 1 if alone else len(languages),
            schedule=masking_schedule(self.cfg),
            short_first=self.cfg.curriculum if self.cfg.short_first else 0,
            with_sides=self._with_sides,
        )
        check_lengths(split, self.datasets[split].sizes, self._positions, "--tokens-per-sample")
        logger.info("%s: %s instances", split, ", ".join(f"{len(part):,} {part.name}" for part in parts))

    def _monolingual_part(self, prefix: Path) -> MonolingualPart:
        sentences, language, split = load_binarized(prefix), prefix.parent.name, prefix.name
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
        return str(self.cfg.instances or self._default_instances) == LINES

    def _parallel_parts(self, folder: Path, split: str) -> list[Part]:
        found: list[Part] = []
        if not self._parallel or not self._parallel.pairs:
            return found
        if self._parallel.folder:
            require_same_vocabulary(self._parallel.folder, self.identity)
        sentences = count_sentences(load_binarized(folder / self.languages[0] / split))
        for pair in self._parallel.pairs:
            numbers = (self.language_number(pair[0]), self.language_number(pair[1]))
            part, report = parallel_part(
                folder,
                self._parallel,
                pair,
                numbers,
                split,
                sentences,
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

    def token_counts(self, language: str) -> np.ndarray:
        """Return how often each symbol occurs in a language's training text ``(V,)``, 0 for special ones."""
        if language not in self._token_counts:
            texts = (load_binarized(folder / language / "train") for folder in _folders(self.cfg.data))
            counts = sum(token_counts(text, len(self.dictionary)) for text in texts)
            self._token_counts[language] = np.where(self.special, 0, counts)
        return self._token_counts[language]

    def tokens_of(self, language: str) -> np.ndarray:
        """Return the indices of the non-special tokens of a language, as its training text has them."""
        return np.flatnonzero(self.token_counts(language))

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model; one with language embeddings gets language IDs from then on."""
        model = super().build_model(cfg, from_checkpoint)
        self._with_language_ids = getattr(model, "wants_language_ids", False)
        self._positions = model.max_positions()
        self.model_settings = cfg
        start = None if from_checkpoint else find_starting_point(self.cfg)
        if start:
            require_same(start, self.identity, str(_folders(self.cfg.data)[0] / "dict.txt"), self._with_language_ids)
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

        A criterion that has ``begin_update(model, update_num)`` is told of every batch, whose update it may begin.
        """
        if hasattr(criterion, "begin_update"):
            criterion.begin_update(model, update_num)
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

    def begin_epoch(self, epoch: int, model: Any) -> None:
        """Prepare an epoch of training."""
        prepare_training(model)

    def max_positions(self) -> int:
        """Return the longest instance in tokens."""
        return (self._words and self._positions) or self.cfg.tokens_per_sample


def _folders(data: str) -> list[Path]:
    """Return the folders of ``data``: several, separated by colons, are parts of one text, one for every epoch."""
    return [Path(folder) for folder in split_paths(data)]
