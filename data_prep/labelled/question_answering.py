"""Question answering (xquad, mlqa, tydiqa) in one language: pieces of questions and contexts, places of answers."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME
from fairseq_alignmlm.progress import track

from ..vocabulary.mmap_dataset import EOS, EncodedLines, MmapWriter, SymbolFile
from .derivation import Derivation
from .piece_offsets import Piece, PieceOffsets
from .squad import Question, read_questions

PARTS = ("question", "context", "offsets", "answer")
LABELS = "start 1\nend 1\n"


def write_language(derivation: Derivation, data: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    """Write ``<split>.json`` and ``bin/{question,context,offsets,answer}/<split>.{bin,idx}`` of one language.

    A line is a question. ``offsets`` holds where each piece of its context begins and ends, in characters; ``answer``
    holds 1, the first and the last piece of the answer, or 0 0 0 where there is none to learn from.

    Args:
        derivation: the language.
        data: the file of each split, in SQuAD's format.
        folder: an empty folder.

    Returns:
        Counts for the manifest.

    Raises:
        InputError: bad input, or training data none of whose answers stands where it is said to.
    """
    symbols, pieces = SymbolFile(derivation.pair.symbols), PieceOffsets(*derivation.piece_files)
    found = {}
    for part in PARTS:
        (folder / "bin" / part).mkdir(parents=True)
    for split, path in data.items():
        found[split] = _write_split(path, split, symbols, pieces, folder, f"{derivation.language}, {split}")
        shutil.copyfile(path, folder / f"{split}.json")
    for part in ("question", "context"):
        shutil.copyfile(derivation.pair.symbols, folder / "bin" / part / "dict.txt")
        derivation.identity().write(folder / "bin" / part / FILE_NAME)
    (folder / "bin" / "answer" / "dict.txt").write_text(LABELS, encoding="utf-8")
    return found


def _write_split(
    path: Path, split: str, symbols: SymbolFile, cut: PieceOffsets, folder: Path, what: str
) -> dict[str, int]:
    counts: Counter[str] = Counter(questions=0, pieces=0)
    whole = np.dtype(np.uint32)
    names = [folder / "bin" / part / split for part in PARTS]
    types = (symbols.dtype, symbols.dtype, whole, whole)
    with (
        MmapWriter(names[0], types[0]) as questions,
        MmapWriter(names[1], types[1]) as contexts,
        MmapWriter(names[2], types[2]) as offsets,
        MmapWriter(names[3], types[3]) as answers,
    ):
        context, pieces = None, list[Piece]()
        for question in track(read_questions(path), what, unit="questions"):
            if question.context != context:  # those of one paragraph follow each other
                context, pieces = question.context, cut(question.context)
            if not pieces:
                raise InputError.at(path, None, f"the context of question {question.id!r} is empty", "take it out")
            _add(questions, [*(symbols.indices[piece.symbol] for piece in cut(question.text)), EOS])
            _add(contexts, [*(symbols.indices[piece.symbol] for piece in pieces), EOS])
            _add(offsets, [place for piece in pieces for place in (piece.begin, piece.end)])
            span = answer_span(question, pieces)
            _add(answers, (1, *span) if span else (0, 0, 0))
            counts.update(questions=1, pieces=len(pieces))
            counts["answers that stand elsewhere"] += span is None and question.answer is not None
            counts["without an answer"] += question.answer is None
    if split == "train" and counts["answers that stand elsewhere"] + counts["without an answer"] == counts["questions"]:
        raise InputError.at(path, None, "no answer stands where answer_start says", "count characters from 0")
    return dict(counts)


def answer_span(question: Question, pieces: Sequence[Piece]) -> tuple[int, int] | None:
    """Return the first and the last piece that hold the answer, None where it is not what stands there."""
    if question.answer is None:
        return None
    answer = question.answer.strip()
    start = question.start + len(question.answer) - len(question.answer.lstrip())
    end = start + len(answer)
    if not answer or question.start < 0 or question.context[start:end] != answer:
        return None
    inside = [place for place, piece in enumerate(pieces) if piece.begin < end and piece.end > start]
    return (inside[0], inside[-1]) if inside else None


def _add(writer: MmapWriter, line: Sequence[int]) -> None:
    writer.add(EncodedLines(np.array(line), np.array([len(line)])))
