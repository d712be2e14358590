"""Made-up language pairs and fairseq trainers on them, for the benchmarks of training."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LANGUAGES = ("en", "xx")
SPECIAL = 4  # <s> <pad> </s> <unk>; <mask> comes last


@dataclass(frozen=True)
class Shape:
    """A model and its batch; the defaults are the paper's model on a batch that two cores can bear."""

    layers: int = 8
    width: int = 512
    inner: int = 2048
    heads: int = 8
    length: int = 512
    batch: int = 8
    vocabulary: int = 80_000

    def model_options(self) -> list[str]:
        """Return the options that both stock `roberta` and `multilingual_roberta` understand."""
        sizes = {
            "encoder-layers": self.layers,
            "encoder-embed-dim": self.width,
            "encoder-ffn-embed-dim": self.inner,
            "encoder-attention-heads": self.heads,
            "max-positions": self.length,
        }
        return [part for name, value in sizes.items() for part in (f"--{name}", str(value))]


PAPER = Shape()
DEEP = Shape(layers=12, width=64, inner=256, heads=1, length=24, batch=128, vocabulary=4000)  # small models that align
QUICK = Shape(layers=2, width=64, inner=128, heads=2, length=64, batch=4, vocabulary=1000)


def write_data(folder: Path, shape: Shape, updates: int, entries: int, seed: int = 1, whole: bool = False) -> None:
    """Write two languages of parallel sentences, ``bin/`` and a dictionary of single pieces, ``dictionary.tsv``.

    Args:
        folder: existing folder.
        shape: length, batch and vocabulary; each language has half of the vocabulary, Zipf-distributed.
        updates: updates that the data last for.
        entries: entries of the dictionary.
        seed: of the text.
        whole: make every sentence exactly a block, so that an epoch is a known number of instances: ``batch`` in all.
    """
    import torch
    from fairseq.data import indexed_dataset

    rng = np.random.default_rng(seed)
    words = (shape.vocabulary - SPECIAL - 1) // 2
    symbols = [f"{language}{word}" for language in LANGUAGES for word in range(words)]
    binarized = folder / "bin"
    for language in LANGUAGES:
        (binarized / language).mkdir(parents=True, exist_ok=True)
    (binarized / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols), encoding="utf-8")
    (folder / "dictionary.tsv").write_text("".join(f"en{word}\txx{word}\n" for word in range(entries)))
    weights = 1.0 / (np.arange(words) + 10.0)
    total = shape.length * shape.batch * updates
    text = rng.choice(words, size=total, p=weights / weights.sum())
    lengths = rng.integers(5, max(6, min(45, shape.length // 2)), size=total // 20)
    ends = np.cumsum(lengths)
    ends = ends[ends < total]
    if whole:
        ends = np.arange(1, shape.batch // len(LANGUAGES) + 1) * (shape.length - 2)
    for number, language in enumerate(LANGUAGES):
        for split, sentences in (("train", np.split(text, ends)[:-1]), ("valid", np.split(text, ends)[:2])):
            prefix = binarized / language / split
            builder = indexed_dataset.make_builder(f"{prefix}.bin", impl="mmap", vocab_size=shape.vocabulary)
            for sentence in sentences:
                tokens = sentence if number == 0 else sentence[::-1]
                builder.add_item(torch.tensor([*(tokens + SPECIAL + number * words), 2]))
            builder.finalize(f"{prefix}.idx")


def make_trainer(
    data: Path, shape: Shape, options: Sequence[str], updates: int, bf16: bool = False, keep_memory: bool = True
) -> tuple[Any, list[Any]]:
    """Build fairseq's own `Trainer`, as `fairseq-train` would, and its first batches.

    Args:
        data: what `write_data` made.
        shape: of model and batch.
        options: ``--arch``, ``--criterion`` and what else differs between variants.
        updates: number of batches.
        bf16: train with fairseq's own bf16, whose option `--bf16` would ask for a TPU.
        keep_memory: make the setting of the allocator that our training makes; stock fairseq as shipped does not.

    Returns:
        The trainer, and the batches that ``trainer.train_step([batch])`` takes.
    """
    from fairseq import options as fairseq_options
    from fairseq import tasks, utils
    from fairseq.dataclass.utils import convert_namespace_to_omegaconf
    from fairseq.trainer import Trainer

    import fairseq_alignmlm.models
    import fairseq_alignmlm.tasks.multilingual_mlm  # noqa: F401

    logging.getLogger("fairseq").setLevel(logging.WARNING)
    logging.getLogger("fairseq_alignmlm").setLevel(logging.WARNING)
    # What is given twice, the variant decides.
    given = [
        *(str(data / "bin"), "--task", "multilingual_mlm", "--languages", ",".join(LANGUAGES)),
        *("--tokens-per-sample", str(shape.length), "--batch-size", str(shape.batch), "--cpu", "--num-workers", "0"),
        *("--optimizer", "adam", "--adam-betas", "(0.9,0.98)", "--adam-eps", "1e-6", "--weight-decay", "0.01"),
        *("--lr", "1e-4", "--lr-scheduler", "polynomial_decay", "--warmup-updates", "100"),
        *("--total-num-update", "100000", "--dropout", "0.1", "--seed", "1", *shape.model_options(), *options),
    ]
    parser = fairseq_options.get_training_parser()
    cfg = convert_namespace_to_omegaconf(fairseq_options.parse_args_and_arch(parser, input_args=given))
    cfg.common.bf16 = bf16
    utils.set_torch_seed(1)
    task = tasks.setup_task(cfg.task)
    model = task.build_model(cfg.model)
    criterion = task.build_criterion(cfg.criterion)
    task.load_dataset("train")
    iterator = task.get_batch_iterator(
        task.dataset("train"), max_sentences=shape.batch, max_positions=task.max_positions(), seed=1
    ).next_epoch_itr(shuffle=True)
    batches = [batch for batch, _ in zip(iterator, range(updates), strict=False)]
    if len(batches) < updates:
        raise SystemExit(f"error: the data hold {len(batches)} batches, {updates} are wanted")
    trainer = Trainer(cfg, task, model, criterion)
    if not keep_memory:
        task.begin_epoch = lambda epoch, model: None
    trainer.begin_epoch(1)
    return trainer, batches


def peak_megabytes() -> float:
    """Return the largest resident size of this process so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
