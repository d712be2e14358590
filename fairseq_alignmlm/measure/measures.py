"""What is measured of a model, from which files; every number with its interval, for every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.retrieval import mean_vectors
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.measure.intervals import Score, mean_score
from fairseq_alignmlm.measure.lexicon import frequent_words, read_lexicon
from fairseq_alignmlm.measure.model import UNKNOWN, MeasuredModel
from fairseq_alignmlm.measure.similarity import lexicon_hits, linear_cka, paired_hits
from fairseq_alignmlm.measure.word_alignment import alignment_error_rate, mutual_links, read_gold


@dataclass(frozen=True)
class Measured:
    """One number.

    Attributes:
        measure: its name.
        direction: ``L1>L2``, or ``L1-L2`` for what has none.
        layer: 0 for the embeddings with positions, 1 to the last; None for the input word embeddings alone.
        score: the number with its interval.
        detail: candidates and the like.
    """

    measure: str
    direction: str
    layer: int | None
    score: Score
    detail: dict[str, Any]


@dataclass(frozen=True)
class Fertility:
    """How a tokenizer cuts a language.

    Attributes:
        language: its name.
        words: words of the text.
        pieces_per_word: mean number of pieces.
        continued: percent of words with several pieces.
        unknown: percent of pieces that are ``<unk>``.
    """

    language: str
    words: int
    pieces_per_word: float
    continued: float
    unknown: float


def fertility(model: MeasuredModel, language: str, lines: Sequence[str]) -> Fertility:
    """Count the pieces of the words of a text, separated by spaces.

    Raises:
        InputError: there is no word.
    """
    words = [word for line in lines for word in line.split()]
    if not words:
        raise InputError(f"{language}: no word to count the pieces of")
    distinct = list(dict.fromkeys(words))
    rows = dict(zip(distinct, model.encode_words(distinct, language), strict=True))
    sizes = np.array([len(rows[word]) for word in words])
    unknown = sum(rows[word].count(UNKNOWN) for word in words)
    mean, several = float(sizes.mean()), float((sizes > 1).mean())
    return Fertility(language, len(words), mean, 100 * several, 100 * unknown / int(sizes.sum()))


def measure_sentences(
    model: MeasuredModel, languages: tuple[str, str], lines: tuple[Sequence[str], Sequence[str]]
) -> tuple[list[Measured], tuple[Tensor, Tensor]]:
    """Retrieve the translation of every sentence in both directions, count mutual nearest pairs, compute CKA.

    Args:
        model: the model.
        languages: L1 and L2.
        lines: line i of the one translates line i of the other.

    Returns:
        The numbers, and the vectors of either side, ``(layers + 1, N, H)``.
    """
    vectors = [
        model.sentence_vectors(model.encode_lines(side, name), name)
        for side, name in zip(lines, languages, strict=True)
    ]
    first, second = languages
    found = []
    detail = {"candidates": len(lines[0])}
    for layer, (source, target) in enumerate(zip(*vectors, strict=True)):
        there, back = paired_hits(source, target), paired_hits(target, source)
        found += [
            Measured("sentence retrieval", f"{first}>{second}", layer, mean_score(there), detail),
            Measured("sentence retrieval", f"{second}>{first}", layer, mean_score(back), detail),
            Measured("mutual nearest", f"{first}-{second}", layer, mean_score(there & back), detail),
            Measured("CKA", f"{first}-{second}", layer, linear_cka(source, target), {}),
        ]
    return found, (vectors[0], vectors[1])


def measure_lexicon(
    model: MeasuredModel,
    languages: tuple[str, str],
    files: Sequence[Path],
    texts: dict[str, Path],
    most: int,
    lowercase: bool,
    contextual: bool,
) -> list[Measured]:
    """Retrieve the translations of words in both directions, among all words of the other language.

    Args:
        model: the model.
        languages: L1 and L2.
        files: of the lexicon, L1 first.
        texts: by language, a text or list whose words are the candidates; without one, the lexicon's own words.
        most: candidates, the most frequent words.
        lowercase: write everything in lower case.
        contextual: also by the states of lone words, ``<s> word </s>``, in every layer, among the lexicon's own words
            alone: minutes, where all candidates would take hours.
    """
    lexicon = read_lexicon(files, lowercase)
    sides = [list(lexicon.forth), list(lexicon.back)]
    found: list[Measured] = []
    for number, gold in enumerate((lexicon.forth, lexicon.back)):
        source, target = languages[number], languages[1 - number]
        words, own = sides[number], sides[1 - number]
        frequent = frequent_words(texts[target], most, lowercase) if target in texts else []
        candidates = list(dict.fromkeys([*frequent, *own]))
        place = {word: row for row, word in enumerate(candidates)}
        answers = [[place[word] for word in gold[each]] for each in words]
        vectors = [
            mean_vectors(model.embeddings, [tuple(rows) for rows in model.encode_words(side, name)])
            for side, name in ((words, source), (candidates, target))
        ]
        detail = {"candidates": len(candidates), "entries": lexicon.pairs, "own words only": target not in texts}
        hits = lexicon_hits(vectors[0], vectors[1], answers)
        found += [
            Measured(f"word retrieval, {rule}", f"{source}>{target}", None, mean_score(values), detail)
            for rule, values in hits.items()
        ]
    if contextual:
        found += _lone_words(model, languages, (lexicon.forth, lexicon.back))
    return found


def _lone_words(
    model: MeasuredModel, languages: tuple[str, str], tables: tuple[dict[str, list[str]], dict[str, list[str]]]
) -> list[Measured]:
    words = [list(table) for table in tables]
    vectors = []
    for side, language in zip(words, languages, strict=True):
        rows = model.encode_words(side, language)
        states = model.word_vectors([[word] for word in rows], language)
        vectors.append(torch.cat(states, 1))
    found = []
    for number, table in enumerate(tables):
        place = {word: row for row, word in enumerate(words[1 - number])}
        answers = [[place[word] for word in table[each]] for each in words[number]]
        direction = f"{languages[number]}>{languages[1 - number]}"
        for layer in range(model.layers + 1):
            hits = lexicon_hits(vectors[number][layer], vectors[1 - number][layer], answers)
            found += [
                Measured(f"lone words, {rule}", direction, layer, mean_score(hits[rule]), {"candidates": len(place)})
                for rule in ("weak", "strong")
            ]
    return found


def measure_gold(model: MeasuredModel, languages: tuple[str, str], folder: Path) -> list[Measured]:
    """Compare alignments of words by their states with alignments made by hand, and retrieve words in context.

    A word in context counts where a sure link is its only one, on both sides; its candidates are all words of all
    sentences of the other language (weak), or of both languages (strong): Cao et al. 2020, section 3.

    Args:
        model: the model.
        languages: L1 and L2.
        folder: of the gold alignments.
    """
    gold = read_gold(folder, languages)
    sides = []
    for language, texts in zip(languages, ([g.source for g in gold], [g.target for g in gold]), strict=True):
        sides.append(model.word_vectors([model.encode_words(words, language) for words in texts], language))
    first, second = languages
    starts = [np.cumsum([0, *(len(g.source) for g in gold)]), np.cumsum([0, *(len(g.target) for g in gold)])]
    pairs = [
        (int(starts[0][number]) + a, int(starts[1][number]) + b)
        for number, sentence in enumerate(gold)
        for a, b in sorted(sentence.sure)
        if sum(a == x for x, _ in sentence.possible) == 1 == sum(b == y for _, y in sentence.possible)
    ]
    found = []
    for layer in range(model.layers + 1):
        source, target = ([states[layer] for states in side] for side in sides)
        links = [mutual_links(a, b) for a, b in zip(source, target, strict=True)]
        score = alignment_error_rate(links, gold)
        detail = {"sentences": len(gold), "links": sum(map(len, links))}
        found.append(Measured("alignment error rate", f"{first}-{second}", layer, score, detail))
        if not pairs:
            continue
        all_source, all_target = torch.cat(source), torch.cat(target)
        for one, other, order, direction in (
            (all_source, all_target, pairs, f"{first}>{second}"),
            (all_target, all_source, [pair[::-1] for pair in pairs], f"{second}>{first}"),
        ):
            hits = context_hits(one, other, order)
            found += [
                Measured(f"words in context, {rule}", direction, layer, mean_score(values), {"candidates": len(other)})
                for rule, values in hits.items()
            ]
    return found


def context_hits(source: Tensor, target: Tensor, pairs: Sequence[tuple[int, int]]) -> dict[str, np.ndarray]:
    """Say of every pair of rows whether the second is the first's nearest, by cosine.

    Args:
        source: ``(N, H)``.
        target: ``(M, H)``.
        pairs: rows of the one and of the other.

    Returns:
        ``weak``, among all of ``target``, and ``strong``, among these and the rest of ``source``; bool each.
    """
    from fairseq_alignmlm.evaluation.nearest import check_finite, unit_rows

    for side in (source, target):
        check_finite(side, "word states")
    first, second = unit_rows(source, torch.float32), unit_rows(target, torch.float32)
    weak, strong = [], []
    for start in range(0, len(pairs), 512):
        part = pairs[start : start + 512]
        rows, answers = (torch.tensor(column) for column in zip(*part, strict=True))
        cosine, own = first[rows] @ second.T, first[rows] @ first.T
        own[torch.arange(len(part)), rows] = -torch.inf
        best = cosine.gather(1, answers[:, None])[:, 0]
        cosine[torch.arange(len(part)), answers] = -torch.inf
        weak.append((cosine.amax(1) < best).numpy())
        strong.append(((cosine.amax(1) < best) & (own.amax(1) < best)).numpy())
    return {"weak": np.concatenate(weak), "strong": np.concatenate(strong)}


def read_bitext(paths: tuple[Path, Path], most: int) -> tuple[list[str], list[str]]:
    """Read line-aligned text, lines that are blank on either side left out.

    Raises:
        InputError: a file is missing, the two differ in length, or nothing is left.
    """
    sides = [[line.text.strip() for line in numbered_lines(path)] for path in paths]
    if len(sides[0]) != len(sides[1]):
        what = f"{len(sides[0]):,} lines, {paths[1]} {len(sides[1]):,}"
        raise InputError.at(paths[0], None, what, "line i of the one has to translate line i of the other")
    pairs = [pair for pair in zip(*sides, strict=True) if all(pair)][:most]
    if not pairs:
        raise InputError.at(paths[0], None, "no pair of sentences", "give line-aligned text")
    return [first for first, _ in pairs], [second for _, second in pairs]
