"""Prediction and label files in XTREME's formats: where they are, reading, writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from fairseq_alignmlm import lines
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Task
from fairseq_alignmlm.lines import Line
from fairseq_alignmlm.storage import atomic_path

# A prediction file is judged as it is: line ends of Windows and byte order marks are faults.
numbered_lines = partial(lines.numbered_lines, exact=True)


def filled_lines(path: str | Path) -> Iterator[Line]:
    """Yield the lines of a UTF-8 file that are not blank: those that hold an example.

    Raises:
        InputError: when the file is missing or not UTF-8.
    """
    return (line for line in numbered_lines(path) if line.text.strip())


def numbered_sentences(path: str | Path) -> list[list[Line]]:
    """Split a file into sentences at its blank lines; blank lines in a row give one break."""
    sentences: list[list[Line]] = [[]]
    for line in numbered_lines(path):
        if line.text.strip():
            sentences[-1].append(line)
        elif sentences[-1]:
            sentences.append([])
    return sentences if sentences[-1] else sentences[:-1]


def last_column(text: str) -> str:
    """Return what follows the last tab, without surrounding blanks: the label of a labelled line."""
    return text.rsplit("\t", 1)[-1].strip()


def read_tags(path: str | Path) -> list[list[str]]:
    """Read the tags of every sentence, from ``tag`` lines or ``token TAB tag`` lines."""
    return [[last_column(line.text) for line in sentence] for sentence in numbered_sentences(path)]


def read_labels(path: str | Path, aliases: dict[str, str] | None = None) -> list[str]:
    """Read one label per line that is not blank, from ``label`` lines or labelled examples whose last column it is."""
    aliases = aliases or {}
    labels = [last_column(line.text) for line in filled_lines(path)]
    return [aliases.get(label, label) for label in labels]


def read_pairs(path: str | Path) -> set[tuple[str, ...]]:
    """Read the set of identifier pairs that are called parallel."""
    return {tuple(line.text.strip().split("\t")) for line in filled_lines(path)}


def write_tags(path: str | Path, sentences: Iterable[Sequence[str]]) -> None:
    """Write one tag per line and exactly one blank line between sentences, atomically.

    Raises:
        ValueError: when a sentence has no tags.
    """
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as out:
        for number, tags in enumerate(sentences):
            if not tags:
                raise ValueError(f"sentence {number + 1} has no tags: its blank line would shift the others")
            out.write("\n" * (number > 0) + "".join(f"{tag}\n" for tag in tags))


def write_labels(path: str | Path, labels: Iterable[str | int]) -> None:
    """Write one label per line, atomically."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{label}\n" for label in labels)


def files_by_language(place: str | Path, task: Task, split: str = "test") -> dict[str, Path]:
    """Find the files of a task, one a language, sorted by language.

    Looks in ``place/<task>/`` where that exists, else in ``place/``, for ``<split>-<language>.tsv`` (XTREME's
    names) and ``<language>/<split>.tsv`` (the names ``data_prep xtreme`` gives); ``.json`` for questions.

    Raises:
        InputError: when the folder is missing or holds none.
    """
    place = Path(place)
    if not place.is_dir():
        raise InputError.at(place, None, "there is no such folder")
    folder = place / task.name if (place / task.name).is_dir() else place
    found = {
        path.stem[len(split) + 1 :]: path
        for path in folder.glob(f"{split}-*.{task.suffix}")
        if not path.name.endswith(".origin.json")  # the record of a prediction file
    }
    for path in folder.glob(f"[!.]*/{split}.{task.suffix}"):
        if path.parent.name in found:
            raise InputError.at(
                path, None, f"a second file for {path.parent.name}", f"keep {found[path.parent.name]} or this"
            )
        found[path.parent.name] = path
    if not found:
        raise InputError.at(folder, None, f"holds no {split}-<language>.{task.suffix}", "check --split and the folder")
    return dict(sorted(found.items()))
