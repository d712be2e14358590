"""How many linked words of held-out sentences are each other's nearest, by layer (Gaschi et al. 2023)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.data.linked_sentences import LinkedPair, find_pairs, identity_of_links
from fairseq_alignmlm.data.masking import generator
from fairseq_alignmlm.measure.intervals import mean_score
from fairseq_alignmlm.measure.measures import Measured, context_hits
from fairseq_alignmlm.measure.model import MeasuredModel

SEED = 42


def measure_links(model: MeasuredModel, folder: Path, most: int, split: str = "valid") -> list[Measured]:
    """Retrieve the translations of linked words in both directions, by the states of their first pieces.

    Args:
        model: the model.
        folder: of `data_prep links`.
        most: links of a language pair; sentences are drawn until there are so many.
        split: whose sentences.

    Returns:
        For every layer and direction ``weak``, among the words of the other language that were drawn, and ``strong``,
        among those of both.

    Raises:
        InputError: the folder is missing or broken, or of another vocabulary than the model's.
    """
    remedy = "give linked sentences of the model's own pair"
    model.identity.require(identity_of_links(folder), folder, "the model", remedy)
    found = []
    for languages in find_pairs(folder, split):
        found += _of_pair(model, LinkedPair(folder, split, languages), most)
    return found


def _of_pair(model: MeasuredModel, pair: LinkedPair, most: int) -> list[Measured]:
    rows: tuple[list[list[int]], list[list[int]]] = ([], [])
    places: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])  # sentence and piece of every word
    for number in generator(SEED, 0).permutation(len(pair)):
        tokens, starts, links = pair[int(number)]
        for side in (0, 1):
            pieces = starts[side][links[:, side]].tolist()
            places[side].extend((len(rows[side]), piece) for piece in pieces)
            rows[side].append(tokens[side][:-1].tolist())
        if len(places[0]) >= most:
            break
    words = [
        _states(model, sentences, where[:most], language)
        for sentences, where, language in zip(rows, places, pair.languages, strict=True)
    ]
    first, second = pair.languages
    same = [(number, number) for number in range(words[0].size(1))]
    found = []
    for layer in range(model.layers + 1):
        for one, other, direction in (
            (words[0][layer], words[1][layer], f"{first}>{second}"),
            (words[1][layer], words[0][layer], f"{second}>{first}"),
        ):
            hits = context_hits(one, other, same)
            detail = {"candidates": len(same)}
            found += [
                Measured(f"linked words, {rule}", direction, layer, mean_score(np.asarray(values)), detail)
                for rule, values in hits.items()
            ]
    return found


def _states(model: MeasuredModel, sentences: list[list[int]], places: list[tuple[int, int]], language: str) -> Tensor:
    """Return the states of words in every layer, ``(layers + 1, words, H)``."""
    wanted: dict[int, list[tuple[int, int]]] = {}
    for word, (sentence, piece) in enumerate(places):
        wanted.setdefault(sentence, []).append((word, piece + 1))  # behind <s>
    found = torch.empty(model.layers + 1, len(places), model.embeddings.size(1))
    for index, states in model.states(sentences, language, f"linked words of {language}"):
        for word, piece in wanted.get(index, ()):
            found[:, word] = states[:, piece]
    return found
