"""Realignment of a pre-trained encoder on linked sentences, before it is fine-tuned (Gaschi et al. 2023)."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from fairseq.data import Dictionary
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask, register_task
from fairseq.utils import split_paths
from omegaconf import II, MISSING
from torch import nn

from fairseq_alignmlm.data.linked_sentences import identity_of_links, open_linked
from fairseq_alignmlm.data.round_robin import ALL, FIRST
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.process_memory import prepare_training
from fairseq_alignmlm.tasks.checkpoint_identity import SAME_VOCABULARY, find_starting_point, require_same
from fairseq_alignmlm.tasks.initial_model import load_initial_model
from fairseq_alignmlm.tasks.lengths import check_lengths
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary

logger = logging.getLogger(__name__)

Ending = ChoiceEnum([FIRST, ALL])


@dataclass
class RealignmentTaskConfig(FairseqDataclass):
    """Settings of the task; the defaults are those of the published code."""

    data: str = field(
        default=MISSING, metadata={"help": "links/NAME of a pair, as data_prep links makes it; several: A:B"}
    )
    languages: Optional[str] = field(
        default=None,
        metadata={"help": "the pre-training's languages in order, for models with language embeddings"},
    )
    ending: Ending = field(  # type: ignore[valid-type]
        default=FIRST,
        metadata={
            "help": "several language pairs take turns; an epoch ends with the first that is used up, and the rest of "
            "the others is never seen (first), or with the last, smaller ones being repeated (all)"
        },
    )
    seed: int = II("common.seed")
    save_dir: str = II("checkpoint.save_dir")
    restore_file: str = II("checkpoint.restore_file")
    finetune_from_model: Optional[str] = II("checkpoint.finetune_from_model")


@register_task("realignment", dataclass=RealignmentTaskConfig)
class RealignmentTask(FairseqTask):
    """Train on linked sentences, several language pairs in turn.

    Attributes:
        width: hidden size of the model, once it is built.
        layers: its number of layers.

    Raises:
        InputError: the linked sentences are missing or broken, or do not belong to the checkpoint.
    """

    width: int
    layers: int

    def __init__(self, cfg: RealignmentTaskConfig, dictionary: Dictionary, identity: Identity) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.languages = cfg.languages.split(",") if cfg.languages else list(identity.languages)
        self.identity = replace(identity, languages=tuple(self.languages))
        self._with_language_ids = False
        self._positions: int | None = None
        self._model: nn.Module | None = None

    @classmethod
    def setup_task(cls, cfg: RealignmentTaskConfig, **kwargs: Any) -> "RealignmentTask":
        """Read the vocabulary."""
        folder = Path(split_paths(cfg.data)[0])
        identity = identity_of_links(folder)
        return cls(cfg, load_vocabulary(folder / "dict.txt"), identity)

    @property
    def source_dictionary(self) -> Dictionary:
        """The symbols of all languages."""
        return self.dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The same."""
        return self.dictionary

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the task: the meaning of its embeddings."""
        return {"languages": list(self.languages), "identity": self.identity.as_json()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare what a checkpoint keeps of its task with the data.

        Raises:
            InputError: when its vocabulary differs.
        """
        own = identity_of({"task_state": state_dict})
        own.require(self.identity, self._dict_file, "the checkpoint", SAME_VOCABULARY, ("symbols", "transformation"))

    @property
    def _dict_file(self) -> Path:
        return Path(split_paths(self.cfg.data)[0]) / "dict.txt"

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train`` or ``valid`` of all folders."""
        dataset = open_linked(
            [Path(path) for path in split_paths(self.cfg.data)],
            split,
            self.identity,
            str(self._dict_file),
            self.languages if self._with_language_ids else None,
            len(self.dictionary),
            bos=self.dictionary.bos(),
            padding_index=self.dictionary.pad(),
            seed=self.cfg.seed,
            ending=str(self.cfg.ending),
            shuffle=split == "train",
        )
        check_lengths(split, dataset.sizes, self._positions, "alignmlm-data links --most-pieces")
        sizes = ", ".join(f"{len(pair):,} {'-'.join(pair.languages)}" for pair in dataset.pairs)
        logger.info("%s: linked sentence pairs: %s", split, sizes)
        self.datasets[split] = dataset

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model; see that there is one to start from and that it belongs to the linked sentences."""
        model = super().build_model(cfg, from_checkpoint)
        self._with_language_ids = model.wants_language_ids
        self._positions = model.max_positions()
        self.width, self.layers = model.cfg.encoder_embed_dim, model.cfg.encoder_layers
        if not from_checkpoint:
            start = find_starting_point(self.cfg)
            if start is None:
                raise InputError("--task realignment starts from a pre-trained model: give --finetune-from-model FILE")
            whose = str(self._dict_file)
            require_same(start, self.identity, whose, self._with_language_ids)
            self.identity.require(identity_of(start.state), start.path, whose, SAME_VOCABULARY, ("transformation",))
        self._model = model
        return model

    def build_criterion(self, cfg: Any) -> Any:
        """Build the criterion and freeze what it leaves alone."""
        criterion = super().build_criterion(cfg)
        if self._model is not None:
            criterion.prepare(self._model)
        return criterion

    def initial_model(self, path: str | None) -> nn.Module:
        """Return the encoder before realignment; see `load_initial_model`."""
        return load_initial_model(path or self.cfg.finetune_from_model, self._dict_file)

    def begin_epoch(self, epoch: int, model: Any) -> None:
        """Prepare an epoch of training."""
        prepare_training(model)

    def max_positions(self) -> int | None:
        """Return the longest sentence in tokens."""
        return self._positions
