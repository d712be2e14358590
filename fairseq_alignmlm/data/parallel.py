"""Parallel data of TLM: where they are and how much of them is used (appendix G.3, Table 6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fairseq.data.indexed_dataset import MMapIndexedDataset

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.data.masking import generator
from fairseq_alignmlm.data.packing import BLANK_LINE
from fairseq_alignmlm.data.parts import ParallelPart
from fairseq_alignmlm.data.sentences import ParallelInstances
from fairseq_alignmlm.errors import InputError

HALVES, PACKED = "halves", "packed"


@dataclass(frozen=True)
class ParallelSettings:
    """What a criterion asks the task for.

    Attributes:
        ratio: pairs to use, relative to the number of sentences of the first language, in [0, 1]; without replacement;
            None takes all.
        layout: ``halves`` pads each side to half of the instance (the paper), ``packed`` does not.
        folder: a `fairseq-preprocess` folder with ``train.<l1>-<l2>.<language>.{bin,idx}``; None pairs line i of
            the monolingual data.
        pairs: the language pairs, for example ``(("en", "fr"),)``.
        shortest: least number of pieces of a side, where an instance is one pair.
    """

    ratio: float | None
    layout: str
    folder: Path | None
    pairs: tuple[tuple[str, str], ...]
    shortest: int = 1


def load_pair(data: Path, folder: Path | None, pair: tuple[str, str], split: str) -> list[MMapIndexedDataset]:
    """Map the two sides of a parallel corpus into memory.

    Raises:
        InputError: when a side is missing or broken, or the sides differ in their number of lines.
    """
    first, second = pair
    if folder is None:
        prefixes = [data / language / split for language in pair]
    else:
        names = [f"{split}.{first}-{second}", f"{split}.{second}-{first}"]
        found = [name for name in names if (folder / f"{name}.{first}.idx").is_file()]
        if not found:
            raise InputError.at(folder / f"{names[0]}.{first}.idx", None, "no such file", "run fairseq-preprocess")
        prefixes = [folder / f"{found[0]}.{language}" for language in pair]
    sides = [load_binarized(prefix) for prefix in prefixes]
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            f"{prefixes[0]} has {len(sides[0]):,} lines, {prefixes[1]} has {len(sides[1]):,}: not parallel; "
            "line i of the one must translate line i of the other"
        )
    return sides


def sample_pairs(side: MMapIndexedDataset, sentences: int, ratio: float | None, seed: int) -> tuple[np.ndarray, int]:
    """Draw ``round(ratio * sentences)`` pairs without replacement, or all where there are fewer.

    Args:
        side: one side of the parallel corpus.
        sentences: sentences of L1's own text, which the ratio is relative to (Table 6).
        ratio: in (0, 1]; None takes all.
        seed: seed of the run.

    Returns:
        Line numbers ``(n,)`` in random order, and how many were wanted; blank lines are no sentences.
    """
    present = np.flatnonzero(np.asarray(side.sizes) > BLANK_LINE)
    wanted = len(present) if ratio is None else round(ratio * sentences)
    return generator(seed, 0).permutation(present)[:wanted], wanted


def count_sentences(text: MMapIndexedDataset) -> int:
    """Return the number of lines that are not blank."""
    return int((np.asarray(text.sizes) > BLANK_LINE).sum())


def parallel_part(
    data: Path,
    settings: ParallelSettings,
    pair: tuple[str, str],
    languages: tuple[int, int],
    split: str,
    sentences: int,
    tokens_per_sample: int,
    bos: int,
    seed: int,
    look_ahead: int,
    single: bool = False,
) -> tuple[ParallelPart, str]:
    """Build the TLM instances of one language pair.

    Args:
        data: the folder of the monolingual data.
        settings: what the criterion asks for.
        pair: the names of the two languages.
        languages: their numbers.
        split: ``train`` or ``valid``.
        sentences: sentences of L1 in this split.
        tokens_per_sample: most tokens of an instance; each side has half, those of a single pair share it.
        bos: index of ``<s>``.
        seed: seed of the run.
        look_ahead: see `pack`.
        single: one pair an instance, and no padding between its sides: the layout then changes only the cost.

    Returns:
        The part, and a line that says how many pairs it uses and how many were dropped and why.

    Raises:
        InputError: as `load_pair`, and when no pair fits.
    """
    sides = load_pair(data, settings.folder, pair, split)
    chosen, wanted = sample_pairs(sides[0], sentences, settings.ratio, seed)
    half = tokens_per_sample // 2
    limit = tokens_per_sample if single else half
    instances = ParallelInstances(sides[0], sides[1], limit, bos, chosen, look_ahead, single, settings.shortest)
    packing = instances.packing
    name = "-".join(pair)
    what = f"of over {limit - 2} tokens" if single else f"with a side over {half - 1} tokens"
    report = (
        f"{len(instances):,} TLM instances {name} of {len(packing.kept):,} pairs; dropped {packing.too_long:,} pairs "
        f"{what} and {packing.blank:,} with a blank side"
    )
    if packing.too_short:
        report += f" and {packing.too_short:,} with a side under {settings.shortest} pieces"
    if len(chosen) < wanted:
        report += f"; wanted were {wanted:,} pairs ({settings.ratio:g} of L1's {sentences:,} sentences), these are all"
    if len(instances) == 0:
        remedy = "use a larger --tokens-per-sample or --tlm-ratio"
        if packing.too_short:
            remedy = "allow shorter sides, or use a larger --tokens-per-sample"
        raise InputError(f"{split}: no sentence pair fits; {report}; {remedy}")
    width = half if settings.layout == HALVES and not single else None
    return ParallelPart(f"tlm_{name}", languages, instances, width), report
