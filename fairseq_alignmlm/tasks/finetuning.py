"""What the fine-tuning tasks share: vocabularies, language IDs, a head per task."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from fairseq.data import Dictionary
from fairseq.dataclass import FairseqDataclass
from fairseq.tasks import FairseqTask
from omegaconf import II, MISSING

from fairseq_alignmlm.data.finetuning import BATCHES_PER_POOL, FinetuningDataset
from fairseq_alignmlm.data.linked_sentences import LinkedSentences, open_linked
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.process_memory import prepare_training
from fairseq_alignmlm.option_ranges import require_range
from fairseq_alignmlm.tasks.checkpoint_identity import SAME_VOCABULARY, find_starting_point, require_same
from fairseq_alignmlm.tasks.initial_model import load_initial_model
from fairseq_alignmlm.tasks.lengths import check_lengths
from fairseq_alignmlm.tasks.vocabulary import load_labels, load_vocabulary

logger = logging.getLogger(__name__)

SHORTEST = 4  # the special symbols of a sentence pair


@dataclass
class FinetuningConfig(FairseqDataclass):
    """Settings of the fine-tuning tasks; the defaults are the paper's (Table 11)."""

    data: str = field(default=MISSING, metadata={"help": "xtreme/<task>/<language>/bin, as data_prep xtreme makes it"})
    max_length: int = field(default=512, metadata={"help": "longest input in pieces, special symbols included"})
    languages: Optional[str] = field(
        default=None,
        metadata={"help": "the pre-training's languages in order, for models with language embeddings"},
    )
    language: Optional[str] = field(default=None, metadata={"help": "the language of this data, one of --languages"})
    batches_per_pool: int = field(
        default=BATCHES_PER_POOL,
        metadata={"help": "similar lengths share batches within random pools of so many; more leave less padding"},
    )
    seed: int = II("common.seed")
    save_dir: str = II("checkpoint.save_dir")
    restore_file: str = II("checkpoint.restore_file")
    finetune_from_model: Optional[str] = II("checkpoint.finetune_from_model")
    batch_size: Optional[int] = II("dataset.batch_size")


class FinetuningTask(FairseqTask):
    """Fine-tune and test a pre-trained encoder with a head of its own.

    Attributes:
        head: its name in the model.
        criterion_name: that of the criterion of its labels.
        width: hidden size of the model, once it is built.
        layers: its number of layers.

    Raises:
        InputError: when the data are missing or broken, or they, language IDs or labels do not fit the model.
    """

    head: str
    criterion_name: str
    per_token: bool
    tokens_folder: str
    labels_folder: str
    width: int
    layers: int

    def __init__(
        self, cfg: FinetuningConfig, dictionary: Dictionary, label_dictionary: Dictionary, identity: Identity
    ) -> None:
        super().__init__(cfg)
        self.dictionary = dictionary
        self.identity = identity
        self.label_dictionary = label_dictionary
        self.languages = cfg.languages.split(",") if cfg.languages else []
        self._with_language_ids = False
        self._positions: int | None = None
        self._model: Any = None

    @classmethod
    def setup_task(cls, cfg: FinetuningConfig, **kwargs: Any) -> "FinetuningTask":
        """Read the two vocabularies."""
        require_range("--max-length", cfg.max_length, SHORTEST)
        require_range("--batches-per-pool", cfg.batches_per_pool, 1)
        folder = Path(cfg.data)
        labels = load_labels(folder / cls.labels_folder / "dict.txt")
        tokens = folder / cls.tokens_folder / "dict.txt"
        task = cls(cfg, load_vocabulary(tokens), labels, Identity.of_dict(tokens))
        logger.info("%d labels: %s", len(task.labels), " ".join(task.labels))
        return task

    @property
    def source_dictionary(self) -> Dictionary:
        """The symbols of all languages."""
        return self.dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The labels."""
        return self.label_dictionary

    @property
    def labels(self) -> list[str]:
        """The labels in the order of the classifier's outputs."""
        return self.label_dictionary.symbols[self.label_dictionary.nspecial :]

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the task: the meaning of its embeddings and of its classifier's outputs."""
        return {"labels": self.labels, "identity": self._identity_of_model.as_json()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare vocabulary and labels of a checkpoint with those of the data; older checkpoints do not say theirs.

        Raises:
            InputError: when they differ.
        """
        own = identity_of({"task_state": state_dict})
        if not own.symbols:
            logger.warning("the checkpoint keeps no hash of its vocabulary: only its size is compared with dict.txt")
        own.require(self.identity, self._dict_file, "the checkpoint", SAME_VOCABULARY, ("symbols", "transformation"))
        trained = state_dict.get("labels")
        if trained is not None and trained != self.labels:
            path = Path(self.cfg.data) / self.labels_folder / "dict.txt"
            what = f"the labels are {' '.join(self.labels)}, those of the checkpoint {' '.join(trained)}"
            raise InputError.at(path, None, what, "give the training data as data_prep xtreme --labels-of")

    def make_dataset(self, folder: Path, split: str, **settings: Any) -> FinetuningDataset:
        """Open a split; the settings are those of `FinetuningDataset`."""
        raise NotImplementedError

    def load_dataset(self, split: str, combine: bool = False, **kwargs: Any) -> None:
        """Load ``train``, ``valid`` or another split of the folder."""
        dataset = self.make_dataset(
            Path(self.cfg.data),
            split,
            max_length=self.cfg.max_length,
            bos=self.dictionary.bos(),
            eos=self.dictionary.eos(),
            padding_index=self.dictionary.pad(),
            seed=self.cfg.seed,
            shuffle=split == "train",
            language=self._language_number() if self._with_language_ids else None,
            batch_size=self.cfg.batch_size or 32,
            batches_per_pool=self.cfg.batches_per_pool,
        )
        check_lengths(split, dataset.sizes, self._positions, "--max-length")
        cut = f"{dataset.truncated:,} cut at {self.cfg.max_length} pieces"
        logger.info("%s: %s instances, %s", split, f"{len(dataset):,}", cut)
        self.datasets[split] = dataset

    @property
    def _dict_file(self) -> Path:
        return Path(self.cfg.data) / self.tokens_folder / "dict.txt"

    @property
    def _identity_of_model(self) -> Identity:
        """The identity of the data, with the languages of the model's embeddings."""
        return replace(self.identity, languages=tuple(self.languages) or self.identity.languages)

    def _check_starting_point(self) -> None:
        start = find_starting_point(self.cfg)
        if start is None:
            return
        whose = str(self._dict_file)
        require_same(start, self._identity_of_model, whose, self._with_language_ids)
        self._identity_of_model.require(
            identity_of(start.state), start.path, whose, SAME_VOCABULARY, ("transformation",)
        )
        if start.resumes:  # in training, fairseq does not give a task what a checkpoint kept of it
            self.load_state_dict(start.state.get("task_state") or {})

    def _language_number(self) -> int:
        if self.cfg.language not in self.languages:
            raise InputError(
                f"the model has language embeddings: --language {self.cfg.language!r} must be one of "
                f"--languages {self.cfg.languages!r} (the languages of the pre-training, in its order)"
            )
        own = Identity(language=self.cfg.language)
        own.require(self.identity, self._dict_file, "--language", "give the language of the data", ("language",))
        return self.languages.index(self.cfg.language) + 1

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model with its head and make sure that it gets language IDs exactly when it needs them."""
        model = super().build_model(cfg, from_checkpoint)
        model.register_classification_head(self.head, num_classes=len(self.labels), per_token=self.per_token)
        self._with_language_ids = model.wants_language_ids
        self._positions = None if from_checkpoint else model.max_positions()  # `predict` gives advice of its own
        if self._with_language_ids:
            self._language_number()
        elif self.cfg.language is not None:
            language = self.cfg.language
            raise InputError(f"--language {language}: the model has no language embeddings; leave it out")
        if not from_checkpoint:
            self._check_starting_point()
        self.width, self.layers = model.cfg.encoder_embed_dim, model.cfg.encoder_layers
        self._model = model
        return model

    def build_criterion(self, cfg: Any) -> Any:
        """Build the criterion; one that trains a part of the model alone gets the model to freeze the rest."""
        criterion = super().build_criterion(cfg)
        if hasattr(criterion, "prepare"):
            criterion.prepare(self._model)
        return criterion

    def initial_model(self, path: str | None) -> Any:
        """Return the encoder that the run starts from; see `load_initial_model`."""
        return load_initial_model(path or self.cfg.finetune_from_model, self._dict_file)

    def open_links(self, folders: list[Path], ending: str) -> LinkedSentences:
        """Open linked sentences for a realignment beside this task; see `open_linked`.

        Args:
            folders: of `data_prep links`.
            ending: of an epoch.

        Raises:
            InputError: they are missing, broken, too long, or not those of the model.
        """
        found = open_linked(
            folders,
            "train",
            self.identity,
            str(self._dict_file),
            self.languages if self._with_language_ids else None,
            len(self.dictionary),
            bos=self.dictionary.bos(),
            padding_index=self.dictionary.pad(),
            seed=self.cfg.seed,
            ending=ending,
        )
        check_lengths("links", found.sizes, self._positions, "alignmlm-data links --most-pieces")
        return found

    def train_step(
        self,
        sample: dict[str, Any],
        model: Any,
        criterion: Any,
        optimizer: Any,
        update_num: int,
        ignore_grad: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Go forward and backward as usual; the batch says which update it is of."""
        sample = sample | {"update": update_num}
        return super().train_step(sample, model, criterion, optimizer, update_num, ignore_grad, **kwargs)

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log the metrics of the criterion, and of the task's own where that is a part of it."""
        super().reduce_metrics(logging_outputs, criterion)
        if hasattr(criterion, "task_criterion") and any("correct" in log for log in logging_outputs):
            type(criterion.task_criterion).reduce_metrics(logging_outputs)

    def begin_epoch(self, epoch: int, model: Any) -> None:
        """Prepare an epoch of training."""
        prepare_training(model)

    def max_positions(self) -> int:
        """Return the longest instance in tokens."""
        return self.cfg.max_length
