"""Tags that a fine-tuned model predicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from fairseq import checkpoint_utils, utils

from fairseq_alignmlm.criterions.token_tagging import HEAD
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track


class TagPredictor:
    """A fine-tuned tagger together with the data it is asked about."""

    def __init__(self, model: Any, task: Any) -> None:
        self._model, self._task = model, task

    @property
    def tags(self) -> list[str]:
        """The tags that the model knows."""
        return self._task.tags

    @classmethod
    def load(cls, checkpoint: Path, data: Path, language: str | None = None) -> TagPredictor:
        """Load a checkpoint of the task `xtreme_tagging`.

        Args:
            checkpoint: fine-tuned checkpoint.
            data: ``xtreme/<task>/<language>/bin`` to predict on; need not be what the model was fine-tuned on.
            language: language of the data, for models with language embeddings.

        Raises:
            InputError: when the checkpoint is missing, of another task or another vocabulary.
        """
        if not checkpoint.is_file():
            raise InputError.at(checkpoint, None, "no such checkpoint", "fine-tune first")
        import_plugin()
        overrides: dict[str, Any] = {"data": str(data)}
        if language is not None:
            overrides["language"] = language
        models, _, task = checkpoint_utils.load_model_ensemble_and_task([str(checkpoint)], arg_overrides=overrides)
        if not hasattr(task, "tags"):
            raise InputError.at(checkpoint, None, "is not a checkpoint of --task xtreme_tagging", "fine-tune it first")
        return cls(models[0].eval(), task)

    @torch.no_grad()
    def predict(self, split: str, batch_size: int = 64) -> Iterator[tuple[list[str], int]]:
        """Yield, for each sentence in file order, the tags of its words and the number of its words.

        Words beyond the model's maximum length have no tag, so that there may be fewer tags than words.
        """
        self._task.load_dataset(split)
        dataset = self._task.dataset(split)
        use_cuda = torch.cuda.is_available()
        if use_cuda:
            self._model.cuda()
        # Longest with longest, so that little is padding; the results are put back into file order.
        order = dataset.sizes.argsort(kind="stable")
        batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        found: list[list[str]] = [[] for _ in range(len(dataset))]
        for rows in track(batches, "predict", len(batches), "batches"):
            sample = dataset.collater([dataset[row] for row in rows])
            sample = utils.move_to_cuda(sample) if use_cuda else sample
            logits = self._model(**sample["net_input"], classification_head_name=HEAD)[0]
            tagged = sample["target"].ne(self._task.dictionary.pad())
            for row, best, mask in zip(rows, logits.argmax(-1), tagged, strict=True):
                found[row] = [self.tags[index] for index in best[mask].tolist()]
        for index, tags in enumerate(found):
            yield tags, dataset.words(index)


def import_plugin() -> None:
    """Register the plugin's tasks, models and criterions with fairseq, as ``--user-dir`` would."""
    import argparse

    utils.import_user_module(argparse.Namespace(user_dir="fairseq_alignmlm"))
