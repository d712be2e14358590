"""Word alignments from the hidden states of a sentence pair, and their error rate on alignments made by hand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.nearest import unit_rows
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.measure.intervals import Score, bootstrap

Link = tuple[int, int]
MISTAKEN = 0.01  # share of links that may name no word: one of the 1,409 from English to Hindi does

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GoldSentence:
    """A sentence pair with its links, words numbered from 0.

    Attributes:
        source: words.
        target: words.
        sure: links that are certain.
        possible: all links, the sure ones among them.
    """

    source: list[str]
    target: list[str]
    sure: frozenset[Link]
    possible: frozenset[Link]


def read_gold(folder: Path, languages: tuple[str, str]) -> list[GoldSentence]:
    """Read ``test.L1``, ``test.L2`` and ``alignv2.txt`` (or ``align.txt``): ``sentence word word [S|P]``, words from 1.

    Args:
        folder: of the three files.
        languages: L1 and L2.

    Raises:
        InputError: a file is missing, or more than one link of a hundred names no word of its sentence.
    """
    texts = [[line.text.split() for line in numbered_lines(folder / f"test.{name}")] for name in languages]
    if len(texts[0]) != len(texts[1]) or not texts[0]:
        what = f"{len(texts[0]):,} sentences, the other side {len(texts[1]):,}"
        raise InputError.at(folder / f"test.{languages[0]}", None, what, "line i has to translate line i")
    path = folder / "alignv2.txt"
    path = path if path.is_file() else folder / "align.txt"
    sure: list[set[Link]] = [set() for _ in texts[0]]
    possible: list[set[Link]] = [set() for _ in texts[0]]
    rows = [(number, text.split()) for number, text in numbered_lines(path) if text.strip()]
    place = _places([columns[0] for _, columns in rows], len(texts[0]))
    left_out: list[tuple[int, str]] = []
    for number, columns in rows:
        kind = columns[3] if len(columns) > 3 else "S"
        try:
            sentence, first, second = place[columns[0]], int(columns[1]) - 1, int(columns[2]) - 1
            fits = 0 <= first < len(texts[0][sentence]) and 0 <= second < len(texts[1][sentence])
            fits = fits and kind in ("S", "P")
        except (ValueError, KeyError, IndexError):
            fits = False
        if not fits:
            left_out.append((number, " ".join(columns)[:40]))
            continue
        possible[sentence].add((first, second))
        if kind == "S":
            sure[sentence].add((first, second))
    if left_out:
        number, text = left_out[0]
        what = f"{text!r} links no two words of a sentence"
        if len(left_out) > MISTAKEN * len(rows):
            raise InputError.at(path, number, what, "get the file again")
        logger.warning("%s:%d: %s; left out, with %d like it of %d", path, number, what, len(left_out) - 1, len(rows))
    return [
        GoldSentence(source, target, frozenset(s), frozenset(p))
        for source, target, s, p in zip(*texts, sure, possible, strict=True)
    ]


def _places(names: Sequence[str], count: int) -> dict[str, int]:
    """Return the line, from 0, that each sentence number means.

    Numbers count lines from 1; or, where they go further and are as many as the lines (English-Hindi of WPT 2005), they
    are those of a larger text, and the lines are in their order.
    """
    numbers = {name: int(name) for name in dict.fromkeys(names) if name.isascii() and name.isdecimal()}
    if numbers and max(numbers.values()) > count == len(numbers):
        order = sorted(numbers, key=numbers.__getitem__)
        return {name: line for line, name in enumerate(order)}
    return {name: number - 1 for name, number in numbers.items() if 1 <= number <= count}


def mutual_links(source: Tensor, target: Tensor) -> set[Link]:
    """Link words that are each other's cosine nearest: the intersection of both argmaxes (SimAlign, Sabet et al. 2020).

    Args:
        source: vectors of the words of a sentence, ``(N, H)``.
        target: those of its translation, ``(M, H)``.
    """
    if not len(source) or not len(target):
        return set()
    cosine = unit_rows(source, torch.float32) @ unit_rows(target, torch.float32).T
    there, back = cosine.argmax(1).tolist(), cosine.argmax(0).tolist()
    return {(first, second) for first, second in enumerate(there) if back[second] == first}


def alignment_error_rate(found: Sequence[set[Link]], gold: Sequence[GoldSentence], seed: int = 1) -> Score:
    """Return the alignment error rate (Och and Ney 2003, equation 18) in percent, sentences resampled.

    ``1 - (|A and S| + |A and P|) / (|A| + |S|)`` over all sentences.

    Raises:
        ValueError: there is no link on either side.
    """
    counts = np.array(
        [
            (len(links & sentence.sure), len(links & sentence.possible), len(links), len(sentence.sure))
            for links, sentence in zip(found, gold, strict=True)
        ]
    )

    def rate(chosen: np.ndarray) -> float:
        in_sure, in_possible, links, sure = counts[chosen].sum(0)
        return 100.0 * (1.0 - (in_sure + in_possible) / (links + sure)) if links + sure else float("nan")

    return bootstrap(len(gold), rate, seed)
