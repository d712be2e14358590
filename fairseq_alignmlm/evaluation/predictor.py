"""Labels that a fine-tuned model predicts."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairseq import checkpoint_utils, utils
from torch import Tensor

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.answer_spans import Window, best_span
from fairseq_alignmlm.evaluation.answers import read_contexts
from fairseq_alignmlm.evaluation.checkpoint import identity_of
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.tasks.vocabulary import load_labels


class Predictor:
    """A fine-tuned model together with the data it is asked about.

    Attributes:
        trained: what the model was fine-tuned on.
    """

    def __init__(self, model: Any, task: Any, trained: Identity) -> None:
        self._model, self._task, self.trained = model, task, trained

    @property
    def data(self) -> Identity:
        """What the data are made from."""
        return self._task.identity

    @property
    def labels(self) -> list[str]:
        """The labels that the model knows."""
        return self._task.labels

    @property
    def tags_words(self) -> bool:
        """Whether it predicts a tag per word, not a label per instance."""
        return self._task.per_token

    @classmethod
    def load(cls, checkpoint: Path, data: Path, language: str | None = None) -> Predictor:
        """Load a checkpoint of the task `xtreme_tagging`, `xtreme_classification` or `xtreme_answering`.

        Args:
            checkpoint: fine-tuned checkpoint.
            data: ``xtreme/<task>/<language>/bin`` to predict on; need not be what the model was fine-tuned on.
            language: language of the data; needed by models with language embeddings, and by these alone.

        Raises:
            InputError: when the checkpoint is missing, of another task, other labels or another vocabulary, or the
                language is missing or unknown.
        """
        if not checkpoint.is_file():
            raise InputError.at(checkpoint, None, "no such checkpoint", "fine-tune first")
        utils.import_user_module(argparse.Namespace(user_dir="fairseq_alignmlm"))
        overrides: dict[str, Any] = {"data": str(data)}
        if language is not None:
            overrides["language"] = language
        state = checkpoint_utils.load_checkpoint_to_cpu(str(checkpoint), overrides)
        trained = identity_of(state)
        outputs = _outputs(state["model"])  # now: loading drops a head that does not fit
        if not outputs:  # its task would look for the text of its pre-training
            raise InputError.at(checkpoint, None, "holds no classification head", "fine-tune it on a task first")
        models, _, task = checkpoint_utils.load_model_ensemble_and_task([str(checkpoint)], overrides, state=state)
        if not hasattr(task, "labels"):
            raise InputError.at(checkpoint, None, "is not a fine-tuned checkpoint", "fine-tune it on a task first")
        if outputs.get(task.head) != len(task.labels):
            what = f"tells {outputs.get(task.head, 0)} labels apart, {data} has {len(task.labels)}"
            raise InputError.at(checkpoint, None, what, "give the training data as data_prep xtreme --labels-of")
        if models[0].wants_language_ids and language is None:
            # The checkpoint names the language of the fine-tuning, which need not be that of these data.
            known = ", ".join(task.languages)
            raise InputError.at(checkpoint, None, f"has language embeddings ({known})", "give --language")
        return cls(models[0].eval(), task, trained)

    @property
    def answers_questions(self) -> bool:
        """Whether it points to answers, not labels anything."""
        return hasattr(self._task.cfg, "stride")

    def open(self, data: Path, split: str) -> Any:
        """Return the instances of other data for the same model: the same labels and vocabulary, another language.

        Args:
            data: ``xtreme/<task>/<language>/bin``.
            split: of the data.

        Raises:
            InputError: when they have other labels or another vocabulary, or are missing, broken or too long.
        """
        task = self._task
        known, symbols = task.labels, Identity(symbols=task.identity.symbols)
        task.cfg.data = str(data)
        path = data / task.labels_folder / "dict.txt"
        labels = load_labels(path)
        if labels.symbols[labels.nspecial :] != known:
            remedy = "give the training data as data_prep xtreme --labels-of"
            raise InputError.at(path, None, f"has other labels than {' '.join(known)}", remedy)
        tokens = data / task.tokens_folder / "dict.txt"
        task.identity = Identity.of_dict(tokens)
        symbols.require(task.identity, tokens, "the model", "prepare all languages with one vocabulary", ("symbols",))
        task.load_dataset(split)
        dataset = task.dataset(split)
        longest, positions = max(dataset.sizes, default=0), self._model.max_positions()
        if longest > positions:
            raise InputError(
                f"{split}: an instance has {longest} tokens, the model positions for {positions}; fine-tune with"
                f" --max-length {positions}"
            )
        return dataset

    @torch.no_grad()
    def _logits(
        self, datasets: Sequence[Any], batch_size: int, what: str
    ) -> Iterator[tuple[list[tuple[int, int]], dict[str, Any], Tensor]]:
        """Yield, for batches of similar lengths, which instances of which data they hold, the batch and the logits."""
        use_cuda = torch.cuda.is_available()
        if use_cuda:
            self._model.cuda()
        sizes = np.concatenate([dataset.sizes for dataset in datasets])
        places = [(number, index) for number, dataset in enumerate(datasets) for index in range(len(dataset))]
        order = sizes.argsort(kind="stable").tolist()
        batches = [[places[row] for row in order[i : i + batch_size]] for i in range(0, len(order), batch_size)]
        for rows in track(batches, "predict", len(batches), "batches"):
            sample = datasets[0].collater([datasets[number][index] for number, index in rows])
            sample = utils.move_to_cuda(sample) if use_cuda else sample
            logits = self._model(**sample["net_input"], classification_head_name=self._task.head)[0]
            if not torch.isfinite(logits).all():  # the largest of them would be a label all the same
                raise InputError(f"{what}: the model computes NaN or infinity: the run diverged; fine-tune it again")
            yield rows, sample, logits

    def answers(self, folder: Path, split: str, batch_size: int = 64) -> dict[str, str]:
        """Return the answer to every question of a split, by its identifier.

        Args:
            folder: the data, ``xtreme/<task>/<language>/bin``.
            split: of the data; beside them is its JSON, where the answers are cut out.
            batch_size: windows at a time.

        Raises:
            InputError: as `predict`; or the JSON is missing or another one.
        """
        scores: dict[int, Tensor] = {}
        dataset = self.open(folder, split)
        for rows, _, logits in self._logits([dataset], batch_size, split):
            scores |= {index: logit.float().cpu() for (_, index), logit in zip(rows, logits, strict=True)}
        offsets = load_binarized(folder / "offsets" / split)
        windows: dict[int, list[Window]] = {}
        for index in range(len(dataset)):
            (first, last), place = dataset.window(index), dataset.context_position(index)
            start, end = scores[index][place : place + last - first].T.numpy()
            windows.setdefault(dataset.line(index), []).append(Window(first, start, end))
        path = folder.parent / f"{split}.json"
        questions = list(read_contexts(path))
        if len(questions) != len(windows):
            what = f"has {len(questions):,} questions, {folder} {len(windows):,}"
            raise InputError.at(path, None, what, "run data_prep xtreme again")
        found = {}
        for number, (key, context) in enumerate(questions):
            first_piece, last_piece = best_span(windows[number])
            places = offsets[number].view(-1, 2)
            found[key] = context[int(places[first_piece][0]) : int(places[last_piece][1])].strip()
        return found

    def predict(self, split: str, batch_size: int = 64) -> Iterator[tuple[list[str], int]]:
        """Yield, for each line of the file in order, its predicted labels and how many it should have.

        A sentence to tag has a label per word; one that was split is joined again. Words beyond the model's maximum
        length get none, so that there may be fewer than there should be. A sentence pair has one label.

        Args:
            split: of the data.
            batch_size: instances at a time.

        Raises:
            InputError: when the split is missing or broken, or longer than the model's positions, or the model computes
                NaN or infinity.
        """
        yield from self.predict_all([self.open(Path(self._task.cfg.data), split)], batch_size, split)[0]

    def predict_all(
        self, datasets: Sequence[Any], batch_size: int, split: str
    ) -> list[Iterator[tuple[list[str], int]]]:
        """Return what `predict` yields for each of several data; batches hold similar lengths of all of them.

        Args:
            datasets: what `open` returns.
            batch_size: instances at a time.
            split: for messages.
        """
        found: list[dict[int, list[str]]] = [{} for _ in datasets]
        for rows, sample, logits in self._logits(datasets, batch_size, split):
            labelled = sample["target"].ne(self._task.dictionary.pad())
            for (number, index), best, mask in zip(rows, logits.argmax(-1), labelled, strict=True):
                found[number][index] = [self.labels[label] for label in best[mask].tolist()]
        return [self._lines(dataset, labels) for dataset, labels in zip(datasets, found, strict=True)]

    def _lines(self, dataset: Any, found: dict[int, list[str]]) -> Iterator[tuple[list[str], int]]:
        for _, parts in itertools.groupby(range(len(found)), dataset.line):
            indices = list(parts)
            expected = sum(dataset.words(index) for index in indices) if self.tags_words else 1
            yield [label for index in indices for label in found[index]], expected


def _outputs(weights: dict[str, Tensor]) -> dict[str, int]:
    """Return the number of outputs of every classification head in a state dict."""
    start, end = "classification_heads.", ".out_proj.weight"
    return {
        key.removeprefix(start).removesuffix(end): len(weight)
        for key, weight in weights.items()
        if key.startswith(start) and key.endswith(end)
    }
