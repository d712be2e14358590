"""The Python API: what a notebook needs, as functions. `fairseq_alignmlm` itself exports these names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas
    import torch

    from fairseq_alignmlm.evaluation.pretrained import PretrainedEncoder

__all__ = ["alignment", "from_pretrained", "read_results", "score"]


def from_pretrained(
    checkpoint: str | Path,
    pair: str | Path | None = None,
    vocabulary: str | Path | None = None,
    sentencepiece: str | Path | None = None,
    counterparts: str | Path | None = None,
) -> PretrainedEncoder:
    """Load a pre-trained checkpoint for features and masked words.

    Args:
        checkpoint: of this package, of stock RoBERTa or of XLM-R, as fairseq-train writes it.
        pair: folder that data preparation made; it gives the three other files where they are not given.
        vocabulary: ``dict.txt`` of the pre-training.
        sentencepiece: the SentencePiece model that cuts words into pieces; without it, sentences are given as pieces.
        counterparts: ``counterparts.tsv`` of a derived language, which has symbols of its own.

    Raises:
        InputError: a file is missing, or two of them do not belong together.
    """
    from fairseq_alignmlm.evaluation.pretrained import PretrainedEncoder

    if pair is not None:
        folder = Path(pair)
        found = {name: folder / name for name in ("bin/dict.txt", "spm.model", "counterparts.tsv")}
        there = {name: path for name, path in found.items() if path.is_file()}
        vocabulary = vocabulary or found["bin/dict.txt"]
        sentencepiece = sentencepiece or there.get("spm.model")
        counterparts = counterparts or there.get("counterparts.tsv")
    if vocabulary is None:
        raise InputError(f"{checkpoint}: give `pair`, a folder of data preparation, or `vocabulary`, its dict.txt")
    return PretrainedEncoder.load(
        Path(checkpoint),
        Path(vocabulary),
        Path(sentencepiece) if sentencepiece else None,
        Path(counterparts) if counterparts else None,
    )


def alignment(source: torch.Tensor | np.ndarray, target: torch.Tensor | np.ndarray) -> float:
    """Return the alignment of two embedding tables in percent (section 5 of the paper, Table 8).

    It is the share of rows of ``source`` whose cosine nearest row of ``target`` is the one with the same index.

    Args:
        source: embeddings of L1's tokens ``(N, H)``.
        target: embeddings of their counterparts, in the same order, ``(M, H)`` with M >= N; rows from N on are further
            candidates.

    Raises:
        ValueError: the shapes do not fit, or there are no rows.
        FloatingPointError: an embedding holds NaN or infinity.
    """
    import torch

    from fairseq_alignmlm.evaluation.nearest import nearest_neighbours

    first, second = torch.as_tensor(source), torch.as_tensor(target)
    if first.dim() != 2 or second.dim() != 2 or not 0 < len(first) <= len(second):
        raise ValueError(f"expected (N, H) and (M, H), M >= N > 0, not {tuple(first.shape)} and {tuple(second.shape)}")
    nearest = nearest_neighbours(first, second)
    return 100.0 * nearest.eq(torch.arange(len(first))).double().mean().item()


def score(
    task: str,
    predictions: str | Path,
    gold: str | Path,
    profile: str = "paper",
    language: str | None = None,
    **identity: Any,
) -> dict[str, Any]:
    """Check and score prediction files; the same as ``alignmlm score``.

    Args:
        task: udpos, panx, xnli, pawsx, tatoeba or bucc2018; or pos, ner, nli.
        predictions: a file, or a folder with ``test-<language>.tsv``.
        gold: likewise.
        profile: ``paper`` or ``xtreme``; never compare the one with the other.
        language: of single files, where the gold file's name does not end in ``-<language>``.
        identity: further fields of the signature, such as ``seed=1``.

    Returns:
        For each language the scores in percent, the number of examples and a signature; their mean; the main metric.

    Raises:
        InputError: a file is missing, or XTREME's scorer would read it wrongly.
    """
    from fairseq_alignmlm.evaluation.scoring import find_pairs, find_problems, score_pairs_of_files
    from fairseq_alignmlm.evaluation.xtreme_tasks import task_named

    found = task_named(task)
    pairs = find_pairs(Path(predictions), Path(gold), found, "test", language)
    problems = find_problems(pairs, found)
    if problems:
        raise InputError(str(problems[0]))
    return score_pairs_of_files(pairs, found, profile, identity)


def read_results(places: str | Path | Iterable[str | Path]) -> pandas.DataFrame:
    """Read the results of runs as a table with one row for each number.

    Args:
        places: folders that are searched for ``result.json``, or such files.

    Returns:
        Columns ``scale``, ``pair``, ``transformation``, ``objective``, ``variation``, ``seed``, ``task``, ``metric``,
        ``direction`` and ``percent``. Alignment scores stand under the task ``alignment``.

    Raises:
        InputError: a place holds no result, or a file is broken.
        ImportError: pandas is not installed; it is in the extra ``[report]``.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("read_results needs pandas: pip install 'fairseq-alignmlm[report]'") from error

    from fairseq_alignmlm.analysis.report import long_table
    from fairseq_alignmlm.analysis.results import read_runs

    listed: Sequence[str | Path] = [places] if isinstance(places, (str, Path)) else list(places)
    table = long_table(read_runs(listed))
    frame = pandas.DataFrame(list(table.rows), columns=list(table.header))
    return frame.assign(percent=frame.percent.astype(float), seed=pandas.to_numeric(frame.seed).astype("Int64"))
