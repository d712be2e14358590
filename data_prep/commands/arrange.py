"""Make the folders of XTREME of downloaded data sets, as its own scripts do, and keep the labels of its tests apart.

Test files have no labels; ``labels/TASK/test-LANGUAGE`` has them in the format of XTREME's scorer.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS
from fairseq_alignmlm.progress import track

from ..benchmark import pairs, questions, retrieval, tagging
from ..benchmark.files import Downloads, File
from ..manifest import Step, run_step

SUMMARY = "make XTREME's folders of downloaded data sets: data without test labels, and these labels apart"
ORDER = 6
EXAMPLE = "alignmlm-data arrange --downloads data --output xtreme"
Files = Callable[[Downloads, Sequence[str]], Iterator[File]]
FILES: dict[str, Files] = {
    "udpos": tagging.udpos,
    "panx": tagging.panx,
    "xnli": pairs.xnli,
    "pawsx": pairs.pawsx,
    "tatoeba": retrieval.tatoeba,
    "bucc2018": retrieval.bucc2018,
    "squad": questions.squad,
    "xquad": questions.xquad,
    "mlqa": questions.mlqa,
    "tydiqa": questions.tydiqa,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    what = "where `download` has put the data sets"
    parser.add_argument("--downloads", type=Path, required=True, metavar="DIR", help=what)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="gets a folder a task, and labels/")
    names = ", ".join(FILES)
    parser.add_argument("--tasks", default=",".join(FILES), metavar="NAMES", help=f"of {names} (default: all)")
    what = "comma-separated; of each task those that it has (default: all of XTREME's)"
    parser.add_argument("--languages", metavar="NAMES", help=what)


def run(args: argparse.Namespace) -> int:
    """Write the folders that are not up to date."""
    downloads, plans = Downloads(args.downloads), []
    known = {language for task in TASKS.values() for language in task.languages}
    chosen = args.languages.split(",") if args.languages else sorted(known)
    for name in chosen:
        if name not in known:
            raise InputError(f"--languages: XTREME has no {name!r}")
    for task in args.tasks.split(","):
        if task not in FILES:
            raise InputError(f"--tasks: unknown {task!r}; choose of {', '.join(FILES)}")
        languages = [name for name in TASKS[task].languages if name in chosen] if task in TASKS else []
        plans.append((task, languages, list(FILES[task](downloads, languages)) if languages or task == "squad" else []))
    for task, languages, files in plans:  # all of them are there
        for labels, folder in ((False, args.output / task), (True, args.output / "labels" / task)):
            own = [file for file in files if file.labels == labels]
            if own:
                _write(task, languages, own, folder)
    return 0


def _write(task: str, languages: Sequence[str], files: Sequence[File], folder: Path) -> None:
    inputs = list(dict.fromkeys(path for file in files for path in file.inputs))
    step = Step("arrange", [folder], inputs, {"task": task, "languages": list(languages)}, folder=True)

    def build(folders: list[Path]) -> dict[str, Any]:
        counts = {"files": 0, "bytes": 0}
        for file in track(files, f"{folder.parent.name}/{task}", len(files), "files"):
            path = folders[0] / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as handle:
                handle.writelines(file.text())
            counts["files"] += 1
            counts["bytes"] += path.stat().st_size
        return counts

    run_step(step, build)
