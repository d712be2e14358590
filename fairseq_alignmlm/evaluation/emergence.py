"""What two languages have in common at one moment of a training, layer by layer.

The measures are those of Dufter and Schütze (2020): word translation by the states of lone words, ``<s> x </s>``, and
retrieval of held-out sentences; beside them the loss on masked tokens of each language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.data.masked_instances import MaskedInstances
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.packing import BLANK_LINE
from fairseq_alignmlm.data.parts import MonolingualPart
from fairseq_alignmlm.data.sentences import SentenceInstances
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.nearest import nearest_neighbours
from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
from fairseq_alignmlm.tasks.vocabulary import special_symbols

SEED = 1  # of the masks: the same for all checkpoints
BATCH = 64


@dataclass(frozen=True)
class LayerScores:
    """Percentages, 0 to 100.

    Attributes:
        layer: 0 for the embeddings (with positions, normalised), 1 for the first layer, and so on.
        words: tokens of L1 whose counterpart is nearest among all counterparts.
        words_by_frequency: likewise, each token weighted by how often it occurs; None without counts.
        sentences: sentences of L1 whose translation is nearest.
        sentences_back: likewise from L2 to L1.
    """

    layer: int
    words: float
    words_by_frequency: float | None
    sentences: float
    sentences_back: float


def parallel_sentences(data: Path, languages: tuple[str, str], split: str, count: int) -> tuple[list[Tensor], ...]:
    """Read the first sentences of a split in both languages, without ``</s>``.

    Raises:
        InputError: when a file is missing or broken, the two differ in their number of lines, or all are blank.
    """
    sides = [load_binarized(data / language / split) for language in languages]
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            f"{data}: {split} has {len(sides[0]):,} lines of {languages[0]} and {len(sides[1]):,} of {languages[1]}: "
            "not parallel; line i of the one must translate line i of the other"
        )
    lines = np.flatnonzero(np.minimum(*(np.asarray(side.sizes) for side in sides)) > BLANK_LINE)[:count].tolist()
    if len(lines) < 2:
        raise InputError(f"{data}: {split} has fewer than two sentences to retrieve")
    return tuple([side[line][:-1].long() for line in lines] for side in sides)


def layer_scores(
    encoder: SentenceVectors,
    languages: tuple[str, str],
    counterparts: tuple[Tensor, Tensor],
    frequency: Tensor | None,
    sentences: tuple[Sequence[Tensor], Sequence[Tensor]],
) -> list[LayerScores]:
    """Measure word translation and sentence retrieval in every layer.

    Args:
        encoder: the model.
        languages: L1 and L2.
        counterparts: tokens of L1 and their counterparts, each ``(N,)`` int64.
        frequency: how often each token of L1 occurs ``(N,)``.
        sentences: sentence i of the one side translates sentence i of the other.

    Returns:
        One for the embeddings and one for each layer.

    Raises:
        FloatingPointError: when a state holds NaN or infinity.
    """
    words = [
        encoder.layer_vectors(list(tokens[:, None]), language, specials=False)
        for tokens, language in zip(counterparts, languages, strict=True)
    ]
    texts = [encoder.layer_vectors(side, language) for side, language in zip(sentences, languages, strict=True)]
    found = []
    for layer in range(encoder.layers + 1):
        hits = _hits(words[0][layer], words[1][layer])
        weighted = None
        if frequency is not None and frequency.sum() > 0:
            weighted = 100.0 * float((hits * frequency).sum() / frequency.sum())
        forth, back = _hits(texts[0][layer], texts[1][layer]), _hits(texts[1][layer], texts[0][layer])
        means = [100.0 * float(each.mean()) for each in (hits, forth, back)]
        found.append(LayerScores(layer, means[0], weighted, means[1], means[2]))
    return found


def _hits(source: Tensor, target: Tensor) -> Tensor:
    return nearest_neighbours(source, target).eq(torch.arange(len(source))).double()


@torch.no_grad()
def masked_loss(encoder: SentenceVectors, data: Path, language: str, number: int, split: str, count: int) -> float:
    """Return the loss in bits on the masked tokens of a language's sentences, one sentence an instance.

    Masks are the same for every model: 15 % of the tokens, 80/10/10, random tokens from the text itself.

    Args:
        encoder: the model.
        data: folder of binarized data.
        language: the language.
        number: its number, 1..L.
        split: of the data.
        count: at most so many instances.

    Raises:
        InputError: when the data are missing or broken, or no sentence fits the model.
        FloatingPointError: when the loss is not finite.
    """
    model, dictionary = encoder.model, encoder.dictionary
    instances = SentenceInstances(
        load_binarized(data / language / split), model.max_positions(), dictionary.bos(), single=True
    )
    if len(instances) == 0:
        raise InputError(f"{data}: every sentence of {split} in {language} exceeds the model's positions")
    special = special_symbols(dictionary)
    count = min(count, len(instances))
    seen = np.unique(np.concatenate([instances[index].numpy() for index in range(count)]))
    dataset = MaskedInstances(
        [MonolingualPart(language, number, instances)],
        None,
        MaskingRates(),
        special,
        [seen[~special[seen]]] * number,
        dictionary.index("<mask>"),
        dictionary.pad(),
        SEED,
        shuffle=False,
        with_language_ids=model.wants_language_ids,
    )
    nats, size, device = 0.0, 0, model.word_embeddings.device
    for start in range(0, count, BATCH):
        batch = dataset.collater([dataset[index] for index in range(start, min(start + BATCH, count))])
        inputs = {key: each.to(device) if torch.is_tensor(each) else each for key, each in batch["net_input"].items()}
        selected, target = batch["selected"].to(device), batch["target"].to(device)
        nats += float(model(**inputs, masked_tokens=selected, masked_targets=target)[0])
        size += len(selected)
    if size == 0:
        raise InputError(f"{data}: no token of {split} in {language} was masked; give more sentences")
    if not math.isfinite(nats):
        raise FloatingPointError("the loss is not finite")
    return nats / size / math.log(2)
