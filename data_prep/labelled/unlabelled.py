"""Test files without labels, as XTREME distributes them: they are predicted, and scored by whoever has the labels."""

from __future__ import annotations

from pathlib import Path

from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind
from fairseq_alignmlm.lines import numbered_lines

from .tagged_sentences import is_conllu


def lacks_labels(task: str, path: Path) -> bool:
    """Tell whether a file has tokens or pairs alone: its first line has one column fewer than labelled ones.

    Args:
        task: udpos, panx, xnli or pawsx.
        path: the file.

    Raises:
        InputError: there is no such file.
    """
    if is_conllu(path):
        return False
    first = next((line.text for line in numbered_lines(path) if line.text.strip()), None)
    return first is not None and first.count("\t") == (0 if TASKS[task].kind is Kind.TAGS else 1)
